/** The newest data of an event, of all or of each key. */
import type { Client, SubscribeOptions } from 'holdfast';
import { type Source, createSource } from './source.ts';

/** How a subscription takes its messages; the component ends it. */
export type Flow<D = unknown> = Omit<SubscribeOptions<D>, 'signal'>;

/** Null before the first message. */
export function createLatest<D>(client: Client, name: string, event: string, flow: Flow<D> = {}): Source<D | null> {
  return createSource<D | null>({
    initial: null,
    start(give) {
      const take = (data: D): void => give(() => data);
      return client.channel(name).subscribe(event, take, { frame: true, conflate: () => '', ...flow });
    },
  });
}

export const NOTHING: ReadonlyMap<never, never> = new Map<never, never>();

/** A new map for each render, in which a key keeps its place. */
export function createLatestBy<D, K extends PropertyKey>(
  client: Client,
  name: string,
  event: string,
  keyOf: (data: D) => K,
  flow: Omit<Flow<D>, 'conflate'> = {},
): Source<ReadonlyMap<K, D>> {
  return createSource<ReadonlyMap<K, D>>({
    initial: NOTHING,
    start(give) {
      let news: [K, D][] = [];
      const present = (before: ReadonlyMap<K, D>): ReadonlyMap<K, D> => {
        const shown = new Map([...before, ...news]);
        news = [];
        return shown;
      };
      const take = (data: D): void => {
        news.push([keyOf(data), data]);
        give(present);
      };
      return client.channel(name).subscribe(event, take, { frame: true, ...flow, conflate: keyOf });
    },
  });
}
