/** All channels of one client: which are wanted, and whose frame is whose. */
import type { Line } from '../connection/line.ts';
import type { Pendings } from '../outbox/pendings.ts';
import type { ChannelFrame, ClientFrame, Res } from '../protocol/frame.ts';
import type { PresenceHost } from '../presence/presence.ts';
import type { ChannelStatus, Presence, PublishOptions, Receipt } from '../types.ts';
import { createReadable, type Writable } from '../util/readable.ts';
import { Recent } from '../util/recent.ts';
import { createTimer } from '../util/timer.ts';
import { ChannelHandle } from './channel.ts';
import { Feed } from './feed.ts';
import type { FeedContext, FeedOptions } from './feed-context.ts';
import { History } from './history.ts';
import { Listeners } from './listeners.ts';

export interface ChannelsOptions {
  readonly feed: Omit<FeedContext, 'nextK'>;
  /** ms */
  readonly releaseAfter: number;
  optionsOf(channel: string): FeedOptions;
  /** Something is wanted: connect. */
  need(): void;
  assertAlive(): void;
  readonly pendings: Pendings;
  presence(channel: string, host: PresenceHost): Presence;
  publish(channel: string, event: string, data: unknown, options: PublishOptions): Receipt;
  publishVolatile(channel: string, event: string, data: unknown): boolean;
}

/** Volatile messages may come over two connections during a change of transport. */
const REMEMBERED_TELLS = 1024;

export class Channels {
  readonly #options: ChannelsOptions;
  readonly #context: FeedContext;
  readonly #handles = new Map<string, ChannelHandle>();
  readonly #feeds = new Map<string, Feed>();
  readonly #statuses = new Map<string, Writable<ChannelStatus>>();
  readonly #releases = new Set<{ cancel(): void }>();
  readonly #history: History;
  readonly #tells = new Recent(REMEMBERED_TELLS);
  #k = 0;
  #over: Extract<ChannelStatus, { state: 'closed' }> | null = null;

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#context = { ...options.feed, nextK: () => (this.#k += 1) };
    this.#history = new History({ ...options.feed, need: options.need });
  }

  get(name: string): ChannelHandle {
    let handle = this.#handles.get(name);
    if (handle === undefined) {
      handle = this.#create(name);
      this.#handles.set(name, handle);
    }
    return handle;
  }

  opening(gen: number): readonly ClientFrame[] {
    return [...this.#feeds.values()].map((feed) => feed.opening(gen)).filter((frame) => frame !== null);
  }

  /** What came to be wanted after the opening was made is not in it. */
  welcomed(line: Line): void {
    for (const feed of this.#feeds.values()) feed.welcomed(line.gen);
    this.#history.calls.welcomed(line);
  }

  lost(gen: number): void {
    for (const feed of this.#feeds.values()) feed.lost(gen);
    this.#history.calls.lost(gen);
  }

  received(line: Line, frame: ChannelFrame | Res): void {
    if (frame.t === 'res') return this.#history.calls.received(frame);
    if (frame.t === 'tell' && this.#repeated(frame.id)) return;
    const feed = this.#feeds.get(frame.c);
    if (feed !== undefined) feed.received(line, frame);
    // Released between the opening that asked for it and the welcome.
    else if (frame.t === 'subbed') this.#options.feed.send({ t: 'unsub', c: frame.c });
  }

  /** Nothing more is delivered; every channel says `status`. */
  end(status: Extract<ChannelStatus, { state: 'closed' }>): void {
    this.#over = status;
    this.#history.calls.end(status.error);
    for (const release of this.#releases) release.cancel();
    this.#releases.clear();
    for (const feed of this.#feeds.values()) feed.end();
    for (const name of this.#feeds.keys()) this.#statuses.get(name)?.set(status);
    this.#feeds.clear();
  }

  #repeated(id: string): boolean {
    if (this.#tells.has(id)) return true;
    this.#tells.add(id);
    return false;
  }

  #create(name: string): ChannelHandle {
    const { feed, assertAlive, pendings, presence, publish, publishVolatile } = this.#options;
    const feeds = this.#feeds;
    const status = createReadable<ChannelStatus>({ state: 'idle' }, feed.report);
    const listeners = new Listeners(name, feed.environment, feed.report, feed.reception);
    const hold = this.#holder(name, listeners, status);
    this.#statuses.set(name, status);
    return new ChannelHandle(name, {
      listeners,
      status,
      assertAlive,
      hold,
      pendings,
      report: feed.report,
      follow: (follower) => {
        listeners.followers.add(follower);
        const release = hold();
        this.#feeds.get(name)?.load();
        return () => {
          listeners.followers.delete(follower);
          release();
        };
      },
      publish: (event, data, options) => publish(name, event, data, options),
      publishVolatile: (event, data) => publishVolatile(name, event, data),
      history: (options) => this.#history.read(name, options),
      presence: presence(name, {
        hold,
        get isOpen() {
          return feeds.has(name);
        },
        ask: () => feeds.get(name)?.ask(),
        assertAlive,
      }),
    });
  }

  /** Counts who holds the channel. The last one's end releases it a little later, so that a route change costs nothing. */
  #holder(name: string, listeners: Listeners, status: Writable<ChannelStatus>): () => () => void {
    const { feed, releaseAfter, optionsOf, need } = this.#options;
    let holders = 0;
    const timer = createTimer(feed.environment, () => {
      this.#releases.delete(release);
      this.#feeds.get(name)?.end();
      this.#feeds.delete(name);
      status.set({ state: 'idle' });
    });
    const release = { cancel: () => timer.set(null) };

    return () => {
      if (this.#over !== null) {
        status.set(this.#over);
        return () => {};
      }
      holders += 1;
      release.cancel();
      this.#releases.delete(release);
      const existing = this.#feeds.get(name);
      const live = existing ?? new Feed(name, optionsOf(name), this.#context, listeners, (next) => status.set(next));
      this.#feeds.set(name, live);
      if (existing === undefined || status.get().state === 'closed') live.start();
      need();
      return () => {
        holders -= 1;
        if (holders > 0 || !this.#feeds.has(name)) return;
        this.#releases.add(release);
        timer.set(feed.environment.now() + releaseAfter);
      };
    };
  }
}
