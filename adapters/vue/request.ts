import type { Client } from 'holdfast';
import { type Asking, type Requester, createRequester } from '../shared/requester.ts';
import { type Refs, toParts, useSource } from './source.ts';

export function useRequest<R>(client: Client, method: string): Omit<Requester<R>, 'asking'> & Refs<Asking<R>> {
  const { asking, run, reset } = createRequester<R>(client, method);
  const now = useSource(() => asking, asking.initial);
  return { ...toParts(now, asking.initial), run, reset };
}
