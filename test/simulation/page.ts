/** A page that lives like a real one: hidden, frozen, asleep, put away, with a clock of its own. */
import { composeClient } from '../../src/client.ts';
import type { Hint } from '../../src/platform/page.ts';
import type { Client, ClientOptions } from '../../src/types.ts';
import { longPolling } from '../../src/transports/long-polling.ts';
import { sse } from '../../src/transports/sse.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { webSocket } from '../../src/transports/websocket.ts';
import type { TextStorage } from '../../src/platform/environment.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { type FakePage, createFakePage } from '../support/page.ts';
import type { ProfilePage } from '../support/profile.ts';
import type { Cable } from './cable.ts';
import type { TransportName } from './http-middle.ts';

export interface Stopping {
  /** Of its timers: they fall due as ever, and run late, or still have the time to go that they had. @default 'goes-on' */
  readonly clock?: 'goes-on' | 'stands-still';
  /** What the page is told when it goes on. @default nothing */
  readonly waking?: Hint | null;
}

interface Timer {
  readonly owner: 'client' | 'app';
  readonly run: () => void;
  /** By the clock of the simulation. */
  due: number;
  id: unknown;
}

interface Task {
  readonly kind: 'timer' | 'event';
  readonly run: () => void;
}

type State = 'running' | 'stopped' | 'dead';

/** What browsers and systems do to the timers and tasks of a page. */
export class PageLife {
  readonly page: FakePage = createFakePage();
  readonly #clock: VirtualClock;
  readonly #timers = new Set<Timer>();
  #state: State = 'running';
  /** Since when the timers stand still; null: they do not. */
  #stoodSince: number | null = null;
  /** What waits for its turn: one task after the other, each with its microtasks. */
  #tasks: Task[] = [];
  #turn: unknown = null;
  #alarm: unknown = null;
  #waking: Hint | null = null;
  #offset: number;
  #setAt = -Infinity;
  #hiddenSince: number | null = null;

  /** @param offset of its clock, which somebody has set before, ms */
  constructor(clock: VirtualClock, offset = 0) {
    this.#clock = clock;
    this.#offset = offset;
  }

  readonly now = (): number => this.#clock.now() + this.#offset;

  readonly setTimeout = (run: () => void, ms: number): unknown => this.#set('client', run, ms);

  /** Also one that has fallen due while the page was stopped, and has not run yet. */
  readonly clearTimeout = (timer: unknown): void => {
    if (!this.#timers.delete(timer as Timer)) return;
    this.#clock.clearTimeout((timer as Timer).id);
  };

  /** Runs now, or when its turn comes. */
  readonly arrive = (run: () => void): void => this.#task('event', run);

  get stopped(): boolean {
    return this.#state === 'stopped';
  }

  /** For the page's app. */
  readonly wait = (ms: number): Promise<void> => new Promise((resolve) => void this.#set('app', resolve, ms));

  /** Timers that the client has set. */
  get timers(): number {
    return [...this.#timers].filter(({ owner }) => owner === 'client').length;
  }

  /** Somebody set the clock. */
  jump(ms: number): void {
    this.#offset += ms;
    this.#setAt = this.#clock.now();
  }

  /** Whether the clock was set within the last `ms`. */
  setWithin(ms: number): boolean {
    return this.#clock.now() - this.#setAt < ms;
  }

  hide(): void {
    this.#hiddenSince ??= this.#clock.now();
    this.page.set({ visible: false });
  }

  show(): void {
    this.#hiddenSince = null;
    this.page.set({ visible: true });
  }

  /** Nothing of the page runs any more, until {@link thaw}. */
  stop({ clock = 'goes-on', waking = null }: Stopping = {}): void {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    this.#waking = waking;
    this.#clock.clearTimeout(this.#turn);
    if (clock === 'goes-on') return;
    this.#stoodSince = this.#clock.now();
    for (const { id } of this.#timers) this.#clock.clearTimeout(id);
  }

  /** Goes on by itself after `ms`. */
  wakeAfter(ms: number, timersFirst: boolean): void {
    this.#clock.clearTimeout(this.#alarm);
    this.#alarm = this.#clock.setTimeout(() => this.thaw(timersFirst), ms);
  }

  /**
   * Goes on with what fell due and came meanwhile.
   * @param timersFirst timers that fell due run before what came from the network, and not in order of time
   */
  thaw(timersFirst = false): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    this.#clock.clearTimeout(this.#alarm);
    if (this.#stoodSince !== null) {
      const stood = this.#clock.now() - this.#stoodSince;
      this.#stoodSince = null;
      for (const timer of this.#timers) {
        timer.due += stood;
        this.#start(timer);
      }
    }
    const waking = this.#waking;
    if (waking !== null) this.#tasks.unshift({ kind: 'event', run: () => this.#tell(waking) });
    if (timersFirst) this.#tasks.sort((a, b) => rank(a) - rank(b));
    this.#next();
  }

  /** The process is gone, with its memory. */
  die(): void {
    this.#state = 'dead';
    for (const { id } of this.#timers) this.#clock.clearTimeout(id);
    this.#timers.clear();
    this.#clock.clearTimeout(this.#turn);
    this.#clock.clearTimeout(this.#alarm);
    this.#tasks = [];
  }

  /** Systems that come back lose the network for a moment, and some hide the page while they sleep. */
  #tell(waking: Hint): void {
    if (waking === 'online') this.page.set({ online: false });
    if (waking === 'online') return this.page.set({ online: true });
    if (waking !== 'visible') return this.page.tell(waking);
    this.page.set({ visible: false });
    this.show();
  }

  #set(owner: Timer['owner'], run: () => void, ms: number): unknown {
    if (this.#state === 'dead') return null;
    const timer: Timer = { owner, run, due: this.#clock.now() + this.#throttled(ms), id: null };
    this.#timers.add(timer);
    this.#start(timer);
    return timer;
  }

  #start(timer: Timer): void {
    timer.id = this.#clock.setTimeout(() => {
      this.#task('timer', () => {
        if (this.#timers.delete(timer)) timer.run();
      });
    }, timer.due - this.#clock.now());
  }

  #task(kind: Task['kind'], run: () => void): void {
    if (this.#state === 'running' && this.#tasks.length === 0) run();
    else if (this.#state !== 'dead') this.#tasks.push({ kind, run });
  }

  #next(): void {
    if (this.#state !== 'running' || this.#tasks.length === 0) return;
    this.#turn = this.#clock.setTimeout(() => {
      this.#tasks[0]!.run();
      // Only now: what comes meanwhile waits behind it.
      this.#tasks.shift();
      this.#next();
    }, 0);
  }

  /** Once a second in a hidden page, once a minute after five minutes (Chrome's "intensive throttling"). */
  #throttled(ms: number): number {
    if (this.#hiddenSince === null) return ms;
    const grain = this.#clock.now() - this.#hiddenSince > 300_000 ? 60_000 : 1000;
    return Math.ceil((this.#clock.now() + ms) / grain) * grain - this.#clock.now();
  }
}

function rank({ kind }: Task): number {
  return kind === 'timer' ? 0 : 1;
}

export interface PageOptions extends Pick<ClientOptions, 'getToken' | 'channels' | 'outbox'> {
  readonly random: () => number;
  readonly createId: () => string;
  readonly cable: Cable;
  readonly life: PageLife;
  readonly user: string;
  readonly transports: readonly TransportName[];
  /** Outlives the page. */
  readonly storage: TextStorage;
  /** Its part of a profile; null: what it publishes waits in its memory. */
  readonly tab: ProfilePage | null;
}

const CREATE: Readonly<Record<TransportName, () => Transport>> = {
  websocket: webSocket,
  sse,
  'long-polling': longPolling,
};

export function createPageClient(options: PageOptions): Client {
  const { random, createId, cable, life, user, transports, storage, getToken, channels = {}, tab, outbox = {} } = options;
  return composeClient({
    url: 'https://simulated.example/realtime',
    transports: transports.map((name) => CREATE[name]()) as [Transport, ...Transport[]],
    codec: cable.codec,
    user,
    channels,
    ...(getToken !== undefined && { getToken }),
    ...(tab !== null && { outbox: { ...outbox, store: tab.store } }),
    environment: {
      now: life.now,
      setTimeout: life.setTimeout,
      clearTimeout: life.clearTimeout,
      random,
      createId,
      page: life.page,
      logError: () => {},
      WebSocket: cable.WebSocket,
      fetch: cable.fetch,
      storage,
      // The real ones would not be under the simulator's control.
      baseUrl: undefined,
      CompressionStream: undefined,
      RTCPeerConnection: undefined,
      indexedDB: undefined,
      locks: tab?.environment.locks,
      BroadcastChannel: tab?.environment.BroadcastChannel,
    },
  });
}
