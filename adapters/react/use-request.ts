import { useMemo } from 'react';
import type { Client } from 'holdfast';
import { type Asking, type Requester, createRequester } from '../shared/requester.ts';
import { useSource } from './use-source.ts';

export function useRequest<R>(client: Client, method: string): Omit<Requester<R>, 'asking'> & Asking<R> {
  const { asking, run, reset } = useMemo(() => createRequester<R>(client, method), [client, method]);
  const now = useSource(asking);
  return useMemo(() => ({ run, reset, ...now }), [run, reset, now]);
}
