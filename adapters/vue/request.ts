import type { Client } from 'holdfast';
import { type Asking, type Requester, createRequester } from '../shared/requester.ts';
import { type Refs, toParts, useSource } from './source.ts';

export function useRequest<R>(client: Client, method: string): Omit<Requester<R>, keyof Asking> & Refs<Asking<R>> {
  const requester = createRequester<R>(client, method);
  const { initial } = requester;
  const { run, reset } = initial;
  return { ...toParts(useSource(() => requester, initial), initial), run, reset }; // prettier-ignore
}
