import { afterEach, beforeEach } from 'vitest';
import type { Append, Appended, Broker, From, Judged, Keep, Read } from '../../server/brokers/broker.ts';
import type { Entry, WireCursor } from '../../src/protocol/frame.ts';

export interface BrokerUnderTest {
  readonly broker: Broker;
  /** Moves the broker's own clock, after all that it was told before. */
  advance(ms: number): void | Promise<void>;
}

export type MakeBroker = () => BrokerUnderTest | Promise<BrokerUnderTest>;

export const KEEP: Keep = { entries: 1000, age: 86_400_000 };
export const PAGE = { entries: 500, bytes: 524_288 };
export const LANE = { user: 'ann', producer: 'p1' };
export const MINUTE = 60_000;
export const DAY = 86_400_000;

export const item = (id: string, d: unknown = null): Judged => ({ item: { id, e: 'message', d } });

export interface BrokerKit {
  /** Made anew for each test. */
  readonly broker: Broker;
  advance(ms: number): Promise<void>;
  append(sequence: number, items: readonly Judged[], more?: Partial<Append>): Promise<Appended>;
  /** From the back end, each under an id of its own. */
  put(count: number, keep?: Keep): Promise<void>;
  read(from: From, limit?: typeof PAGE, keep?: Keep): Promise<Read>;
  all(): Promise<readonly Entry[]>;
  top(): Promise<WireCursor>;
}

/** What each part of the contract does with a store. Call it inside a `describe`. */
export function brokerKit(make: MakeBroker): BrokerKit {
  let present: BrokerUnderTest;
  let made = 0;
  beforeEach(async () => {
    present = await make();
  });
  afterEach(() => present.broker.close());

  const kit: BrokerKit = {
    get broker() {
      return present.broker;
    },
    advance: async (ms) => present.advance(ms),
    append: (sequence, items, more = {}) =>
      present.broker.append({ channel: 'c', lane: LANE, sequence, first: true, items, keep: KEEP, ...more }),
    async put(count, keep = KEEP) {
      for (let i = 0; i < count; i += 1) await present.broker.publish('c', { id: `b${(made += 1)}`, e: 'message' }, null, keep);
    },
    read: (from, limit = PAGE, keep = KEEP) => present.broker.read('c', from, limit, keep),
    async all() {
      const page = await kit.read({ latest: 500 });
      return page.ok ? page.entries : [];
    },
    top: async () => (await kit.read({ latest: 0 })).top,
  };
  return kit;
}
