/** Performs what the subscription's step decides, for one channel that somebody listens to. */
import type { Line } from '../connection/line.ts';
import { fullJitter } from '../connection/backoff.ts';
import { HoldfastError, type ErrorCode, isErrorCode } from '../errors.ts';
import type { ChannelOptions } from '../options.ts';
import type { Environment } from '../platform/environment.ts';
import type { ChannelFrame, ClientFrame, ResetReason, ServerTell, Sub, Unsubbed } from '../protocol/frame.ts';
import type { ChannelStatus, Cursor, Reset, SnapshotContext } from '../types.ts';
import { Recent } from '../util/recent.ts';
import { createTimer } from '../util/timer.ts';
import { RETRY_BASE, RETRY_CAP, createCaller } from './caller.ts';
import { statusOf } from './channel-status.ts';
import { lowest, toWire } from './cursor.ts';
import type { Listeners } from './listeners.ts';
import { loggedMessage, volatileMessage } from './message.ts';
import { loadSnapshot } from './snapshot.ts';
import { type Effect, type Input, type Placed, type Subscription, createSubscription, step } from './step.ts';

/** What a feed needs from the client it lives in. */
export interface FeedContext {
  readonly environment: Environment;
  /** The welcomed connection, if there is one. */
  line(): Line | null;
  send(frame: ClientFrame): void;
  /** A number that the page has never used. */
  nextK(): number;
  isOwn(id: string, by: string | undefined): boolean;
  report(error: unknown): void;
  /** @returns whether anybody listens */
  onReset(reset: Reset): boolean;
}

/** `params`: of the pattern that the options are for. */
export type FeedOptions = ChannelOptions & Partial<Pick<SnapshotContext, 'params'>>;

type Life = 'open' | 'refused' | 'ended';
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
  #life: Life = 'open';
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
    this.#options = options;
    this.#context = context;
    this.#listeners = listeners;
    this.#onStatus = onStatus;
    this.#brought = options.mode === 'live' ? new Recent(REMEMBERED_TAGS) : null;
    this.#sub = createSubscription(options.mode ?? 'log', options.snapshot === undefined ? 'handlers' : 'snapshot');
    this.#loader = createCaller(context.environment, (cause, first) => this.#loadFailed(cause, first));
    this.#retry = createTimer(context.environment, () => {
      this.#restsOn = null;
      this.#askNow();
    });
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
    return ask?.type === 'sub' ? this.#frame(ask) : null;
  }

  /** Somebody listens who did not before, to a connection that is open already. */
  start(): void {
    const { hold } = this.#sub;
    if (this.#life === 'refused') {
      this.#life = 'open';
      // The refusal broke it off.
      if (hold !== null) this.#load(hold.why, hold.cursor);
    }
    this.#tellStatus();
    this.#askNow();
  }

  welcomed(gen: number): void {
    if (!this.#sub.ears.has(gen) || this.#unsent === gen) this.#askNow();
  }

  lost(gen: number): void {
    if (this.#sub.ears.has(gen)) this.#step({ type: 'lost', gen });
    const line = this.#context.line();
    // It was asked on the way to a newer connection, which was given up for the older one.
    if (line !== null && !this.#sub.ears.has(line.gen)) this.#askNow();
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

  end(): void {
    this.#life = 'ended';
    this.#rest(null);
    this.#loader.stop();
    const line = this.#context.line();
    if (line !== null && this.#sub.ears.has(line.gen)) this.#context.send({ t: 'unsub', c: this.#name });
  }

  // ---- steps ---------------------------------------------------------------------------------------------------------

  #askNow(): void {
    const line = this.#context.line();
    if (line !== null && this.#life === 'open') this.#step({ type: 'ask', gen: line.gen });
  }

  #step(input: Unstamped<Input>): void {
    const { next, effects } = step(this.#sub, { k: this.#context.nextK(), ...input } as Input);
    this.#sub = next;
    for (const effect of effects) this.#perform(effect);
    this.#tellStatus();
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'sub':
        if (effect.gen === this.#context.line()?.gen) return this.#context.send(this.#frame(effect));
        // The app has reloaded between the hello of a connection and its welcome.
        this.#unsent = effect.gen;
        return;
      case 'deliver':
        return this.#deliver(effect.entries);
      case 'reset':
        return this.#reset(effect.why, effect.cursor);
      case 'falling-behind':
        return this.#fallBehind();
    }
  }

  #frame({ k, cursor }: Extract<Effect, { type: 'sub' }>): Sub {
    const { mode = 'log', rewind = 0, snapshot } = this.#options;
    return {
      t: 'sub',
      c: this.#name,
      k,
      ...(cursor !== null && { cur: toWire(cursor) }),
      ...(cursor === null && rewind > 0 && snapshot === undefined && { n: rewind }),
      ...(mode !== 'log' && { mode }),
    };
  }

  #deliver(entries: readonly Placed[]): void {
    for (const { entry, cursor } of entries) {
      // A handler may have destroyed the client, or ended this very subscription.
      if (this.#life === 'ended') return;
      if (this.#brought?.has(entry.g)) continue;
      this.#brought?.add(entry.g);
      const own = this.#context.isOwn(entry.id, entry.by);
      this.#listeners.deliver(loggedMessage(this.#name, entry, own, this.#sub.mode === 'live' ? null : cursor));
    }
  }

  #tell(frame: ServerTell): void {
    // Nothing is delivered while the app reloads (invariant I8), and a volatile message does not wait.
    if (this.#sub.hold === null) this.#listeners.deliver(volatileMessage(this.#name, frame));
  }

  #reset(why: ResetReason | 'first', cursor: Cursor): void {
    if (why === 'first') return this.#load(why, cursor);
    const reset: Reset = { channel: this.#name, why, cursor };
    const heard = this.#context.onReset(reset);
    // A listener of this event, or of the error before it, may have destroyed the client.
    if (this.#life === 'ended') return;
    if (this.#options.snapshot !== undefined) {
      void this.#listeners.reset(reset, 'end');
      return this.#load(why, cursor);
    }
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
      (signal) => loadSnapshot(snapshot, { channel: this.#name, params, why, cursor, signal }),
      (loaded) => this.#step({ type: 'reloaded', cursor: loaded.cursor }),
    );
  }

  #loadFailed(cause: unknown, first: boolean): void {
    const error = new HoldfastError('handler-threw', `The snapshot of channel '${this.#name}' could not be loaded.`, { cause });
    if (first) this.#context.report(error);
  }

  /** Once, so that an app that does not mind is not flooded. */
  #warn({ why }: Reset): void {
    if (this.#warned) return;
    this.#warned = true;
    const message = `Channel '${this.#name}' lost continuity (${why}): messages may be missing, and no onReset handler loads them.`;
    this.#context.report(new HoldfastError('continuity-lost', message, { details: { why } }));
  }

  #fallBehind(): void {
    const message = `Channel '${this.#name}' was reset ${this.#sub.resets} times in a row without a message in between.`;
    this.#context.send({ t: 'unsub', c: this.#name });
    this.#wait(this.#sub.resets);
    // Last, because who hears it may destroy the client.
    this.#context.report(new HoldfastError('too-slow', message));
  }

  #refused(gen: number, { code, message, app, retry, after = 0 }: Unsubbed): void {
    this.#step({ type: 'lost', gen });
    if (retry) {
      this.#refusals += 1;
      return this.#wait(this.#refusals, after);
    }
    this.#life = 'refused';
    this.#loader.stop();
    const known: ErrorCode = isErrorCode(code) ? code : 'forbidden';
    const error = new HoldfastError(known, message ?? `The server refused channel '${this.#name}' (${code}).`, {
      details: app === undefined ? {} : { appCode: app },
    });
    this.#onStatus({ state: 'closed', error });
    this.#context.report(error);
  }

  #wait(times: number, floor = 0): void {
    const { now, random } = this.#context.environment;
    this.#rest(now() + floor + fullJitter(times, RETRY_BASE, RETRY_CAP, random()));
  }

  #rest(until: number | null): void {
    this.#retry.set(until);
    this.#restsOn = until === null ? null : (this.#context.line()?.gen ?? null);
  }

  #tellStatus(): void {
    if (this.#life === 'open') this.#onStatus(statusOf(this.#sub, this.#context.line()?.lossy === true));
  }
}
