import { EventEmitter } from 'eventemitter3';
import { HoldfastError } from '../errors.ts';
import type { Abortable, Cursor, Message, Reset, Stop } from '../types.ts';
import { attempt } from '../util/attempt.ts';
import { stopOnAbort } from '../util/stop.ts';
import { namedCursor } from './cursor.ts';
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
  readonly #channel: string;
  readonly #report: (error: unknown) => void;

  constructor(channel: string, report: (error: unknown) => void) {
    this.#channel = channel;
    this.#report = report;
  }

  add(audience: Audience, event: string, handler: Handler, options: Abortable, hold: () => () => void): Stop {
    const name = audience === 'event' ? `event:${event}` : audience;
    return stopOnAbort(options, () => {
      const release = hold();
      // The emitter goes on with a removed listener if an emit is under way, and lets one that throws starve the rest.
      let active = true;
      const guarded = (message: Message): void => {
        if (!active) return;
        const work = attempt(
          () => handler(message.data, message),
          (error) => this.#threw(error),
        );
        if (work !== undefined) this.#work.push(work);
      };
      this.#emitter.on(name, guarded);
      return () => {
        active = false;
        this.#emitter.off(name, guarded);
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
  deliver(message: Message): readonly Promise<unknown>[] {
    for (const follower of this.followers) follower.deliver(message);
    this.#emitter.emit(`event:${message.event}`, message);
    this.#emitter.emit('all', message);
    this.#emitter.emit('iterator', message);
    const work = this.#work;
    if (work.length > 0) this.#work = [];
    return work;
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
