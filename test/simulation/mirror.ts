/** What the apps of some pages show: a snapshot of the log, and the messages that came after it. */
import type { ChannelOptions, SnapshotContext, Store } from '../../src/types.ts';
import { createRandom } from '../support/random.ts';
import type { Actor } from './actor.ts';
import type { Stage } from './stage.ts';

/** Of so many seeds one has such pages; of their pages every second is one. */
const ONE_OF = 10;
/** ms */
const LOADING = 2000;

type State = ReadonlySet<string>;

export class Mirror {
  readonly #actor: () => Actor;
  readonly #stage: Stage;
  readonly #random: () => number;
  readonly #stores = new Map<string, Store<State>>();
  /**
   * What the newest state of a channel held beyond the place that was read before it. Nobody can tell that page if a store that
   * fails over before its `sub` loses these: the place stands.
   */
  readonly #unverified = new Map<string, ReadonlySet<string>>();
  /** Channels whose load is under way, as the oracle knows it. */
  readonly #loading = new Set<string>();

  /** @returns null: the page has none */
  static of(actor: () => Actor, stage: Stage, slot: number, number: number): Mirror | null {
    const { seed } = stage.plan;
    return seed % ONE_OF === 3 && slot % 2 === 0 ? new Mirror(actor, stage, createRandom(seed * 7919 + number)) : null;
  }

  private constructor(actor: () => Actor, stage: Stage, random: () => number) {
    this.#actor = actor;
    this.#stage = stage;
    this.#random = random;
  }

  readonly options: ChannelOptions = { snapshot: (context) => this.#load(context) };

  /** @returns gives the channel up */
  join(channel: string): () => void {
    const store = this.#actor()
      .client.channel(channel)
      .store<State>({
        initial: new Set(),
        load: (tags: readonly string[]) => new Set(tags),
        reduce: (tags, { cursor }) => (cursor === null || tags.has(cursor.tag) ? tags : new Set(tags).add(cursor.tag)),
      });
    this.#stores.set(channel, store);
    return () => {
      this.#stores.delete(channel);
      this.#loading.delete(channel);
      store[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
    };
  }

  /** When all is quiet: what is shown is the log. */
  check(): void {
    const { oracle } = this.#stage;
    for (const [channel, store] of this.#stores) {
      const { number } = this.#actor();
      const tags = oracle.tagsOf(channel);
      const unverified = this.#unverified.get(channel);
      const shown = new Set([...store.get()].filter((tag) => tags.includes(tag) || !unverified?.has(tag)));
      const missing = tags.filter((tag) => !shown.has(tag)).length;
      const { state, pending } = store.status.get();
      if (missing === 0 && shown.size === tags.length && state === 'live' && pending === 0) continue;
      const sentence = `${shown.size} entries of ${channel}, ${missing} of ${tags.length} are missing, ${pending} pending`;
      oracle.fail('I8', `the app of page ${number}, ${state}, shows ${sentence}`);
    }
  }

  async #load({
    channel,
    why,
    cursor: place,
    signal,
  }: SnapshotContext): Promise<{ data: readonly string[]; cursor: typeof place }> {
    const { oracle, chronicle, plan, fleet } = this.#stage;
    const { number, life } = this.#actor();
    chronicle.count(`loaded ${why}`);
    // The one before was broken off, or has failed.
    if (this.#loading.has(channel)) oracle.reloaded(number, channel);
    this.#loading.add(channel);
    oracle.reset(number, { channel, why: why === 'first' ? 'epoch' : why, cursor: place });
    const cursor = await fleet().top(channel);
    await life.wait(this.#random() * LOADING);
    const data = oracle.tagsOf(channel);
    await life.wait(this.#random() * LOADING);
    if (this.#random() < plan.reset.fails) throw new Error('the load failed, as the plan has it');
    if (!signal.aborted) {
      this.#unverified.set(channel, new Set(data.slice(data.indexOf(cursor.tag) + 1)));
      this.#loading.delete(channel);
      oracle.reloaded(number, channel, cursor);
    }
    return { data, cursor };
  }
}
