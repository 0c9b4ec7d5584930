import type { Client } from 'holdfast';
import { type Flow, createLatest, createLatestBy } from '../shared/latest.ts';
import { type Name, type Ref, useNamed } from './source.ts';

export function useLatest<D>(client: Client, name: Name, event: string, flow?: Flow<D>): Ref<D | null> {
  return useNamed<D | null>(name, (given) => createLatest(client, given, event, flow), null);
}

export function useLatestBy<D, K extends PropertyKey>(
  client: Client,
  name: Name,
  event: string,
  key: (data: D) => K,
  flow?: Omit<Flow<D>, 'conflate'>,
): Ref<ReadonlyMap<K, D>> {
  return useNamed<ReadonlyMap<K, D>>(name, (given) => createLatestBy(client, given, event, key, flow), new Map());
}
