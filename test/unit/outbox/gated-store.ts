/** A store that does what it is asked only when a test lets it, and notes every call. */
import type { OutboxStore, RecordKey, StoredRecord } from '../../../src/outbox/store.ts';
import { type Deferred, createDeferred } from '../../../src/util/deferred.ts';

export interface GatedStore extends OutboxStore {
  readonly calls: string[];
  readonly held: ReadonlyMap<string, StoredRecord>;
  /** From now on each call waits for {@link release}; without it, calls are done at once. */
  gate(): void;
  release(): Promise<void>;
  /** The next calls of this method fail. */
  fail(method: 'open' | 'put' | 'remove', how: 'reject' | 'throw' | 'no'): void;
}

export function createGatedStore(durable = true): GatedStore {
  const calls: string[] = [];
  const held = new Map<string, StoredRecord>();
  const faults = new Map<string, 'reject' | 'throw' | 'no'>();
  let waiting: Deferred<void>[] = [];
  let gated = false;

  const run = async (work: () => void): Promise<void> => {
    if (gated) {
      const turn = createDeferred<void>();
      waiting.push(turn);
      await turn.promise;
    }
    work();
  };
  const call = (method: string, detail: string, work: () => void): Promise<void> => {
    calls.push(`${method} ${detail}`.trim());
    const fault = faults.get(method) ?? 'no';
    if (fault === 'throw') throw new Error(`${method} threw`);
    return run(() => {
      if (fault === 'reject') throw new Error(`${method} failed`);
      work();
    });
  };
  const nameOf = ({ sequence, item, attempted }: StoredRecord): string =>
    `${sequence}${'x' in item ? `:${item.x}` : ''}${attempted === null ? '' : '*'}`;
  const keyOf = ({ channel, producer, sequence }: RecordKey): string => `${channel} ${producer} ${sequence}`;

  return {
    name: 'gated',
    durable,
    calls,
    held,
    gate: () => void (gated = true),
    async release() {
      gated = false;
      for (const turn of waiting) turn.resolve();
      waiting = [];
      for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
    },
    fail: (method, how) => void faults.set(method, how),
    open: (user) => call('open', user, () => {}),
    put: (records) => call('put', records.map(nameOf).join(' '), () => records.forEach((each) => held.set(keyOf(each), each))),
    remove: (keys) =>
      call('remove', keys.map(({ sequence }) => sequence).join(' '), () => keys.forEach((key) => held.delete(keyOf(key)))),
    list: () => Promise.resolve([...held.values()]),
    close: () => void calls.push('close'),
  };
}
