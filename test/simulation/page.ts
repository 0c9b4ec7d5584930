/** A page that lives like a real one: hidden, frozen, asleep, with a clock of its own. */
import { composeClient } from '../../src/client.ts';
import type { Page } from '../../src/platform/page.ts';
import { json } from '../../src/protocol/json.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import type { Client, ClientOptions } from '../../src/types.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { createFakePage } from '../support/page.ts';
import type { Cable } from './cable.ts';

export interface SimPage {
  readonly index: number;
  readonly client: Client;
  readonly cable: Cable;
  readonly life: PageLife;
}

/** What browsers do to the timers and tasks of a page. */
export class PageLife {
  readonly page: Page & { set(state: { readonly online?: boolean; readonly visible?: boolean }): void } = createFakePage();
  readonly #clock: VirtualClock;
  #offset = 0;
  #frozen: (() => void)[] | null = null;
  #hiddenSince: number | null = null;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly now = (): number => this.#clock.now() + this.#offset;

  readonly setTimeout = (run: () => void, ms: number): unknown => {
    const timer = { id: null as unknown, cleared: false };
    const fire = (): void => {
      if (!timer.cleared) run();
    };
    timer.id = this.#clock.setTimeout(() => this.arrive(fire), this.#throttled(ms));
    return timer;
  };

  /** Also one that has fallen due while the page was frozen, and has not run yet. */
  readonly clearTimeout = (timer: unknown): void => {
    const known = timer as { readonly id: unknown; cleared: boolean };
    known.cleared = true;
    this.#clock.clearTimeout(known.id);
  };

  /** Runs now, or when the page thaws. */
  readonly arrive = (run: () => void): void => {
    if (this.#frozen === null) run();
    else this.#frozen.push(run);
  };

  get frozen(): boolean {
    return this.#frozen !== null;
  }

  /** Somebody set the clock. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  hide(): void {
    this.#hiddenSince ??= this.#clock.now();
    this.page.set({ visible: false });
  }

  show(): void {
    this.#hiddenSince = null;
    this.page.set({ visible: true });
  }

  freeze(): void {
    this.#frozen ??= [];
  }

  /** Timers that fell due and frames that came run now, in the order in which they would have. */
  thaw(): void {
    const queue = this.#frozen ?? [];
    this.#frozen = null;
    for (const run of queue) run();
  }

  /** Once a second in a hidden page, once a minute after five minutes (Chrome's "intensive throttling"). */
  #throttled(ms: number): number {
    if (this.#hiddenSince === null) return ms;
    const grain = this.#clock.now() - this.#hiddenSince > 300_000 ? 60_000 : 1000;
    return Math.ceil((this.#clock.now() + ms) / grain) * grain - this.#clock.now();
  }
}

export interface PageOptions {
  readonly random: () => number;
  readonly createId: () => string;
  readonly cable: Cable;
  readonly life: PageLife;
  readonly user: string;
  readonly getToken: ClientOptions['getToken'];
  readonly binary: boolean;
}

export function createPageClient({ random, createId, cable, life, user, getToken, binary }: PageOptions): Client {
  return composeClient({
    url: 'https://simulated.example/realtime',
    transports: [cable.transport],
    codec: binary ? msgpack() : json(),
    user,
    ...(getToken !== undefined && { getToken }),
    environment: {
      now: life.now,
      setTimeout: life.setTimeout,
      clearTimeout: life.clearTimeout,
      random,
      createId,
      page: life.page,
      logError: () => {},
      WebSocket: undefined,
    },
  });
}
