import { useMemo } from 'react';
import type { Client } from 'holdfast';
import { type Publisher, type Publishing, createPublisher } from '../shared/publisher.ts';
import { useSource } from './use-source.ts';

export function usePublish(client: Client, name: string): Omit<Publisher, 'publishing'> & Publishing {
  const { publishing, publish, publishVolatile } = useMemo(() => createPublisher(client, name), [client, name]);
  const { pending, failed } = useSource(publishing);
  return useMemo(() => ({ publish, publishVolatile, pending, failed }), [publish, publishVolatile, pending, failed]);
}
