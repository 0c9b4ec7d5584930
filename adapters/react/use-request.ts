import { useMemo } from 'react';
import type { Client } from 'holdfast';
import { type Requester, createRequester } from '../shared/requester.ts';
import { useSource } from './use-source.ts';

export function useRequest<R>(client: Client, method: string): Requester<R> {
  return useSource(useMemo(() => createRequester<R>(client, method), [client, method]));
}
