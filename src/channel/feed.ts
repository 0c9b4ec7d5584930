/** Performs what the subscription's step decides, for one channel that somebody listens to. */
import type { Line } from '../connection/line.ts';
import type { ChannelFrame, ClientFrame, ResetReason, ServerTell, Unsubbed } from '../protocol/frame.ts';
import type { ChannelStatus, Cursor, Reset } from '../types.ts';
import { Recent } from '../util/recent.ts';
import { createTimer } from '../util/timer.ts';
import { type Bookmark, createBookmark } from './bookmark.ts';
import { createCaller, retryAt } from './caller.ts';
import { statusOf } from './channel-status.ts';
import { lowest, namedCursor } from './cursor.ts';
import type { Listeners } from './listeners.ts';
import type { FeedContext, FeedOptions } from './feed-context.ts';
import { fallenBehind, loaderFailed, refusal, unheardReset } from './feed-errors.ts';
import { messageOf, subFrame, volatileMessage } from './message.ts';
import { loadSnapshot } from './snapshot.ts';
import { type Effect, type Input, type Placed, type Subscription, createSubscription, step } from './step.ts';

type Life = 'starting' | 'open' | 'refused' | 'ended';
type Unstamped<T> = T extends Input ? Omit<T, 'k'> : never;

const REMEMBERED_TAGS = 1024;

export class Feed {
  readonly #name: string;
  readonly #options: FeedOptions;
  readonly #context: FeedContext;
  readonly #listeners: Listeners;
  readonly #onStatus: (status: ChannelStatus) => void;
  readonly #retry;
  readonly #loader;
  /** Tags, in mode `live`: without a cursor nothing else tells that an older connection has brought it already. */
  readonly #brought: Recent | null;
  readonly #bookmark: Bookmark | null;
  #life: Life;
  #delivering = false;
  #loadsNext = false;
  #refusals = 0;
  #warned = false;
  /** Which connection is not to be asked before the retry is due. */
  #restsOn: number | null = null;
  /** Where a `sub` could not be sent, for there was no welcome yet. */
  #unsent: number | null = null;
  #sub: Subscription;

  constructor(
    name: string,
    options: FeedOptions,
    context: FeedContext,
    listeners: Listeners,
    onStatus: (status: ChannelStatus) => void,
  ) {
    this.#name = name;
    this.#options = { ...options, pv: () => context.presence(name) };
    this.#context = context;
    this.#listeners = listeners;
    this.#onStatus = onStatus;
    this.#brought = options.mode === 'live' ? new Recent(REMEMBERED_TAGS) : null;
    this.#bookmark = options.resume === 'durable' ? createBookmark(context.bookmarks, name) : null;
    const loadedBy = options.snapshot === undefined ? 'handlers' : 'snapshot';
    this.#sub = createSubscription(options.mode ?? 'log', loadedBy, this.#bookmark && context.bookmarks.read(name));
    this.#loader = createCaller(context.environment, (cause, first) => this.#loadFailed(cause, first));
    this.#retry = createTimer(context.environment, () => {
      this.#restsOn = null;
      this.ask();
    });
    this.#life = typeof options.resume === 'function' ? 'starting' : 'open';
    this.#tellStatus();
  }

  /** The `sub` for a connection that is being opened, or for its next request; null while the channel rests, or holds all it can. */
  opening(gen: number): ClientFrame | null {
    if (this.#life !== 'open' || (this.#restsOn === gen && gen === this.#context.line()?.gen)) return null;
    const { hold, feeding } = this.#sub;
    // What would come is dropped, and polls would be answered with it at once, again and again, until the app has reloaded.
    if (hold?.overflowed && feeding === gen) return null;
    this.#rest(null);
    const { next, effects } = step(this.#sub, { type: 'open', gen, k: this.#context.nextK() });
    this.#sub = next;
    const [ask] = effects;
    return ask?.type === 'sub' ? subFrame(this.#name, this.#options, ask) : null;
  }

  /** Somebody listens who did not before, to a connection that is open already. */
  start(): void {
    const { resume } = this.#options;
    if (typeof resume === 'function' && this.#life === 'starting') {
      this.#loader.run(() => resume(this.#name), this.#begin);
    } else if (this.#life === 'refused') {
      this.#life = 'open';
      // The refusal broke it off.
      if (this.#sub.hold !== null) this.#load(this.#sub.hold.why, this.#sub.hold.cursor);
    }
    this.#tellStatus();
    this.ask();
  }

  readonly #begin = (given: Cursor | null): void => {
    try {
      this.#sub = { ...this.#sub, cursor: namedCursor(given, `\`resume\` of channel '${this.#name}'`) };
    } catch (error) {
      this.#context.report(error);
      // Who hears it may have destroyed the client.
      if (this.#life === 'ended') return;
    }
    this.#life = 'open';
    // A place that is good brings no state.
    if (this.#listeners.followers.size > 0) this.load();
    this.#tellStatus();
    this.ask();
  };

  welcomed(gen: number): void {
    if (!this.#sub.ears.has(gen) || this.#unsent === gen) this.ask();
  }

  lost(gen: number): void {
    if (this.#sub.ears.has(gen)) this.#step({ type: 'lost', gen });
    const line = this.#context.line();
    // It was asked on the way to a newer connection, which was given up for the older one.
    if (line !== null && !this.#sub.ears.has(line.gen)) this.ask();
  }

  received({ gen }: Line, frame: ChannelFrame): void {
    // The app was told that the channel is closed: nothing is delivered after that, not even a volatile message.
    if (this.#life !== 'open') return;
    switch (frame.t) {
      case 'subbed':
        this.#refusals = 0;
        return this.#step({ type: 'subbed', gen, frame });
      case 'msg':
        return this.#step({ type: 'entries', gen, entries: frame.items });
      case 'skip':
        return this.#step({ type: 'skip', gen, offset: frame.o, tag: frame.g });
      case 'gap':
        return this.#step({ type: 'gap', gen, cursor: frame.cur, why: frame.why });
      case 'unsubbed':
        return this.#refused(gen, frame);
      case 'tell':
        return this.#tell(frame);
    }
  }

  /** A store came: it needs the state, and the place, and not only what follows. */
  load(): void {
    // A handler made it: what is left to deliver comes before the load (invariant I8).
    this.#loadsNext = this.#delivering;
    if (this.#loadsNext) return;
    if (this.#life === 'open' && this.#options.snapshot !== undefined) this.#step({ type: 'load' });
    else this.#moved();
  }

  end(): void {
    this.#life = 'ended';
    this.#listeners.end();
    this.#rest(null);
    this.#loader.stop();
    const line = this.#context.line();
    if (line !== null && this.#sub.ears.has(line.gen)) this.#context.send({ t: 'unsub', c: this.#name });
  }

  ask(): void {
    const line = this.#context.line();
    if (line !== null && this.#life === 'open') this.#step({ type: 'ask', gen: line.gen });
  }

  #step(input: Unstamped<Input>): void {
    const { next, effects } = step(this.#sub, { k: this.#context.nextK(), ...input } as Input);
    this.#sub = next;
    for (const effect of effects) this.#perform(effect);
    this.#moved();
    this.#tellStatus();
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'sub':
        if (effect.gen === this.#context.line()?.gen) return this.#context.send(subFrame(this.#name, this.#options, effect));
        // The app has reloaded between the hello of a connection and its welcome.
        this.#unsent = effect.gen;
        return;
      case 'deliver':
        return this.#deliver(effect.entries);
      case 'reset':
        this.#listeners.flush();
        if (this.#life !== 'ended') this.#reset(effect.why, effect.cursor);
        return;
      case 'falling-behind':
        return this.#fallBehind();
    }
  }

  #deliver(entries: readonly Placed[]): void {
    this.#delivering = true;
    for (const { entry, cursor } of entries) {
      // A handler may have destroyed the client, or ended this very subscription.
      if (this.#life === 'ended') break;
      if (this.#brought?.has(entry.g)) continue;
      this.#brought?.add(entry.g);
      const own = this.#context.isOwn(entry.id, entry.by);
      const message = messageOf(this.#name, entry, this.#sub.mode === 'live' ? null : cursor, own);
      const work = this.#listeners.deliver(message);
      this.#bookmark?.move(cursor, work);
    }
    this.#delivering = false;
  }

  /** Also past what was filtered out. */
  #moved(): void {
    // A handler may have made another step while messages are left to deliver.
    if (this.#delivering || this.#life === 'ended') return;
    if (this.#loadsNext) return this.load();
    const { hold, cursor, mode } = this.#sub;
    if (hold !== null || (cursor === null && mode !== 'live')) return;
    if (cursor !== null) this.#bookmark?.move(cursor);
    for (const follower of this.#listeners.followers) follower.pass(cursor);
  }

  #tell(frame: ServerTell): void {
    // Nothing is delivered while the app reloads (invariant I8), and a volatile message does not wait.
    if (this.#sub.hold === null) void this.#listeners.deliver(volatileMessage(this.#name, frame));
  }

  #reset(why: ResetReason | 'first', cursor: Cursor): void {
    if (why === 'first') return this.#load(why, cursor);
    this.#bookmark?.reset();
    const reset: Reset = { channel: this.#name, why, cursor };
    const heard = this.#context.onReset(reset);
    // A listener of this event, or of the error before it, may have destroyed the client.
    if (this.#life === 'ended') return;
    if (this.#options.snapshot !== undefined) {
      void this.#listeners.reset(reset, 'end');
      return this.#load(why, cursor);
    }
    for (const follower of this.#listeners.followers) follower.restart(cursor, null);
    if (!this.#listeners.hearsResets) {
      if (!heard) this.#warn(reset);
      // Nobody can reload: delivery goes on from the new place.
      this.#step({ type: 'reloaded', cursor: null });
      return;
    }
    void this.#listeners.reset(reset).then((cursors) => {
      if (this.#life !== 'ended') this.#step({ type: 'reloaded', cursor: lowest(cursors) });
    });
  }

  #load(why: ResetReason | 'first', cursor: Cursor): void {
    const { snapshot, params = {} } = this.#options;
    // A refused channel may have been reset without one.
    if (snapshot === undefined) return;
    this.#loader.run(
      (signal) => loadSnapshot(snapshot, { channel: this.#name, params, why, cursor, signal }, this.#context.reception),
      (loaded) => {
        for (const follower of this.#listeners.followers) follower.restart(loaded.cursor ?? cursor, loaded);
        this.#step({ type: 'reloaded', cursor: loaded.cursor });
      },
    );
  }

  #loadFailed(cause: unknown, first: boolean): void {
    const error = loaderFailed(this.#name, this.#life === 'starting' ? 'resume' : 'snapshot', cause);
    for (const follower of this.#listeners.followers) follower.fail(error);
    if (first) this.#context.report(error);
  }

  /** Once, so that an app that does not mind is not flooded. */
  #warn({ why }: Reset): void {
    const warned = this.#warned;
    this.#warned = true;
    if (!warned) this.#context.report(unheardReset(this.#name, why));
  }

  #fallBehind(): void {
    this.#context.send({ t: 'unsub', c: this.#name });
    this.#rest(retryAt(this.#context.environment, this.#sub.resets));
    // Last, because who hears it may destroy the client.
    this.#context.report(fallenBehind(this.#name, this.#sub.resets));
  }

  #refused(gen: number, frame: Unsubbed): void {
    this.#step({ type: 'lost', gen });
    if (frame.retry) return this.#rest(retryAt(this.#context.environment, (this.#refusals += 1), frame.after ?? 0));
    this.#listeners.flush();
    if (this.#life === 'ended') return;
    this.#life = 'refused';
    this.#loader.stop();
    const error = refusal(this.#name, frame);
    this.#onStatus({ state: 'closed', error });
    this.#context.report(error);
  }

  #rest(until: number | null): void {
    this.#retry.set(until);
    this.#restsOn = until === null ? null : (this.#context.line()?.gen ?? null);
  }

  #tellStatus(): void {
    if (this.#life === 'refused' || this.#life === 'ended') return;
    this.#onStatus(statusOf(this.#sub, this.#context.line()?.lossy === true));
  }
}
