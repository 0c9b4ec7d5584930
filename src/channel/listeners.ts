import { EventEmitter } from 'eventemitter3';
import type { Reception } from '../contract/reception.ts';
import { HoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Abortable, Cursor, Message, Reset, Stop, SubscribeOptions } from '../types.ts';
import { attempt } from '../util/attempt.ts';
import { stopOnAbort } from '../util/stop.ts';
import { namedCursor } from './cursor.ts';
import { type Flow, checkFlow, createFlow } from './flow.ts';
import type { Loaded } from './snapshot.ts';

export type Handler = (data: unknown, message: Message) => void;
export type ResetHandler = (reset: Reset) => void | Cursor | Promise<void | Cursor>;

/** Order for one message, after the stores: `subscribe` handlers, `subscribeAll`, iterators; each in order of registration. */
export type Audience = 'event' | 'all' | 'iterator';

/** Why somebody wants to know of a reset: to load the state again, or only to end. */
export type Purpose = 'reload' | 'end';

/** A store, as the feed sees it. */
export interface Follower {
  deliver(message: Message): void;
  /** The place moved: past what was delivered, and what was filtered out. null: there is none (mode `live`). */
  pass(cursor: Cursor | null): void;
  /** A reset, or a snapshot, leads to `cursor`. */
  restart(cursor: Cursor, loaded: Loaded | null): void;
  fail(error: HoldfastError): void;
}

/** Who listens to one channel. Each of them holds the channel until it stops. */
export class Listeners {
  readonly followers = new Set<Follower>();
  readonly #emitter = new EventEmitter<string>();
  readonly #resets = new Set<{ readonly handler: ResetHandler; readonly purpose: Purpose }>();
  /** What handlers of the present message have still to do. */
  #work: Promise<unknown>[] = [];
  readonly #flows = new Set<Flow>();
  /** Of subscriptions that were stopped while messages waited: those count as handled when others go on with the channel. */
  #left: (() => void)[] = [];
  readonly #channel: string;
  readonly #environment: Environment;
  readonly #report: (error: unknown) => void;
  readonly #reception: Reception | undefined;

  constructor(channel: string, environment: Environment, report: (error: unknown) => void, reception?: Reception) {
    this.#channel = channel;
    this.#environment = environment;
    this.#report = report;
    this.#reception = reception;
  }

  /** @throws HoldfastError `invalid-option` */
  add(audience: Audience, event: string, handler: Handler, options: SubscribeOptions, hold: () => () => void): Stop {
    checkFlow(options);
    const name = audience === 'event' ? `event:${event}` : audience;
    return stopOnAbort(options, () => {
      const release = hold();
      // The emitter goes on with a removed listener if an emit is under way, and lets one that throws starve the rest.
      let active = true;
      const threw = (error: unknown): void => this.#threw(error);
      const call = (message: Message): Promise<unknown> | undefined =>
        active ? attempt(() => handler(message.data, message), threw) : undefined;
      const flow = createFlow(options, this.#environment, call, threw);
      const guarded = (message: Message): void => {
        if (!active) return;
        const work = flow === null ? call(message) : flow.push(message);
        if (work !== undefined) this.#work.push(work);
      };
      if (flow !== null) this.#flows.add(flow);
      this.#emitter.on(name, guarded);
      return () => {
        active = false;
        this.#emitter.off(name, guarded);
        if (flow !== null && this.#flows.delete(flow)) this.#left.push(flow.stop());
        release();
      };
    });
  }

  addReset(handler: ResetHandler, options: Abortable, purpose: Purpose = 'reload'): Stop {
    return stopOnAbort(options, () => {
      const entry = { handler, purpose };
      this.#resets.add(entry);
      return () => this.#resets.delete(entry);
    });
  }

  /** @returns what handlers have still to do for it; never rejects */
  deliver(given: Message): readonly Promise<unknown>[] {
    const message = this.#reception === undefined ? given : this.#reception.message(given);
    if (message === null) return [];
    for (const follower of this.followers) follower.deliver(message);
    this.#emitter.emit(`event:${message.event}`, message);
    this.#emitter.emit('all', message);
    this.#emitter.emit('iterator', message);
    if (this.#left.length > 0 && this.#emitter.eventNames().length + this.followers.size > 0) {
      for (const handled of this.#left.splice(0)) handled();
    }
    const work = this.#work;
    if (work.length > 0) this.#work = [];
    return work;
  }

  /** What waits for a turn is delivered now: something follows that must come after it. Who is called may destroy the client. */
  flush(): void {
    for (const flow of this.#flows) flow.flush();
  }

  /** What waits is not delivered any more, and was not handled. */
  end(): void {
    for (const flow of this.#flows) flow.stop();
    this.#flows.clear();
    this.#left = [];
  }

  get hearsResets(): boolean {
    return this.#resets.size > 0;
  }

  /** Calls every reset handler, or those of a purpose, at once. @returns the cursors that they named */
  async reset(reset: Reset, of?: Purpose): Promise<readonly Cursor[]> {
    const called = [...this.#resets].filter(({ purpose }) => of === undefined || purpose === of);
    const answers = called.map(async ({ handler }) => {
      try {
        return this.#cursorOf(await handler(reset));
      } catch (error) {
        this.#threw(error);
        return null;
      }
    });
    const named = (await Promise.all(answers)).filter((cursor) => cursor !== null);
    // Who named none goes on from where it was told.
    return named.length > 0 && named.length < answers.length ? [...named, reset.cursor] : named;
  }

  #cursorOf(given: void | Cursor): Cursor | null {
    try {
      return namedCursor(given, `An onReset handler of channel '${this.#channel}'`);
    } catch (error) {
      this.#report(error);
      return null;
    }
  }

  #threw(cause: unknown): void {
    this.#report(new HoldfastError('handler-threw', `A handler of channel '${this.#channel}' threw.`, { cause }));
  }
}
