import { useMemo } from 'react';
import type { Client } from 'holdfast';
import { type Publisher, createPublisher } from '../shared/publisher.ts';
import { useSource } from './use-source.ts';

export function usePublish(client: Client, name: string): Publisher {
  return useSource(useMemo(() => createPublisher(client, name), [client, name]));
}
