import { useMemo } from 'react';
import type { Client } from 'holdfast';
import { type Flow, NOTHING, createLatest, createLatestBy } from '../shared/latest.ts';
import { createIdle } from '../shared/source.ts';
import { useFlow } from './use-flow.ts';
import { useCurrent, useSource } from './use-source.ts';

export function useLatest<D>(client: Client, name: string | null, event: string, flow?: Flow<D>): D | null {
  const options = useFlow(flow);
  return useSource(
    useMemo(
      () => (name === null ? createIdle<D | null>(null) : createLatest<D>(client, name, event, options)),
      [client, name, event, options],
    ),
  );
}

export function useLatestBy<D, K extends PropertyKey>(
  client: Client,
  name: string | null,
  event: string,
  keyOf: (data: D) => K,
  flow?: Omit<Flow<D>, 'conflate'>,
): ReadonlyMap<K, D> {
  const current = useCurrent(keyOf);
  const options = useFlow<D>(flow);
  return useSource(
    useMemo(() => {
      if (name === null) return createIdle<ReadonlyMap<K, D>>(NOTHING);
      return createLatestBy<D, K>(client, name, event, (data) => current.current(data), options);
    }, [client, name, event, options]),
  );
}
