/** The newest data of an event, of all or of each key. */
import type { Client } from 'holdfast';
import { type Source, createSource } from './source.ts';

/** How often a handler is called; the core does it. */
export interface Flow<D = unknown> {
  /** Of several with the same key only the newest. */
  readonly conflate?: (data: D) => PropertyKey;
  /** At most one in this many ms. */
  readonly sample?: number;
  /** With the next animation frame. */
  readonly frame?: boolean;
  /** What happens while the page is hidden. */
  readonly whenHidden?: 'keep' | 'latest' | 'pause';
}

/** Null before the first message. */
export function createLatest<D>(client: Client, name: string, event: string, flow: Flow<D> = {}): Source<D | null> {
  return createSource<D | null>({
    initial: null,
    start: (give) =>
      client.channel(name).subscribe(
        event,
        (data: D) => {
          give(() => data);
        },
        { frame: true, ...flow } as object,
      ),
  });
}

export const NOTHING: ReadonlyMap<never, never> = new Map<never, never>();

/** A new map for each render, in the order in which the keys first came. */
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
      let shown: ReadonlyMap<K, D> = NOTHING;
      const news = new Map<K, D>();
      const present = (): ReadonlyMap<K, D> => {
        shown = new Map([...shown, ...news]);
        news.clear();
        return shown;
      };
      const take = (data: D): void => {
        news.set(keyOf(data), data);
        give(present);
      };
      return client.channel(name).subscribe(event, take, { frame: true, ...flow, conflate: keyOf } as object);
    },
  });
}
