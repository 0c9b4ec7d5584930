/** Flow control of one subscription: between a channel and a handler that must not be called for each message as it comes. */
import { check } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Message, SubscribeOptions } from '../types.ts';
import { type Deferred, createDeferred } from '../util/deferred.ts';
import { soon } from '../util/soon.ts';
import { createTimer } from '../util/timer.ts';

/** Messages that wait for a turn; with one more it comes at once. */
export const MOST_WAITING = 10_000;
/** ms between frames, where there are none. */
const FRAME = 16;
/** A frame that has not come for so long, ms, is not waited for: pages that are not seen get none. */
const LATE_FRAME = 1000;

export interface Flow {
  /** @returns what is still to be done for it; never rejects */
  push(message: Message): Promise<unknown>;
  /** What waits is delivered now. */
  flush(): void;
  /** Nothing more is delivered. @returns says that what waited needs no handling any more */
  stop(): () => void;
}

/** @throws HoldfastError `invalid-option` */
export function checkFlow({ conflate, sample = 0, frame = false, whenHidden = 'keep' }: SubscribeOptions): void {
  check(conflate === undefined || typeof conflate === 'function', '`conflate` must be a function.');
  check(Number.isFinite(sample) && sample >= 0, '`sample` must be a number of milliseconds.');
  check(typeof frame === 'boolean', '`frame` must be true or false.');
  check(['keep', 'latest', 'pause'].includes(whenHidden), '`whenHidden` must be keep, latest or pause.');
}

/**
 * @param deliver calls the handler; never throws, returns what it has still to do
 * @returns null if the options ask for nothing
 */
export function createFlow(
  { conflate, sample = 0, frame = false, whenHidden = 'keep' }: SubscribeOptions,
  environment: Environment,
  deliver: (message: Message) => Promise<unknown> | undefined,
  threw: (error: unknown) => void,
): Flow | null {
  if (conflate === undefined && sample === 0 && !frame && whenHidden === 'keep') return null;
  /** By event and key, or by a number where each one is wanted; in order of arrival. */
  const waiting = new Map<PropertyKey, Message>();
  let count = 0;
  let last = -Infinity;
  let armed = false;
  /** Of a frame, or of being shown. */
  let cancel: (() => void) | undefined;
  /** Settles when all that waited is handled. */
  let turn: Deferred<void> | null = null;

  const isHeld = (): boolean => whenHidden !== 'keep' && !environment.page.visible();
  const disarm = (): void => {
    sampling.set(null);
    late.set(null);
    cancel?.();
    cancel = undefined;
  };
  const flush = (): void => {
    disarm();
    armed = false;
    if (waiting.size === 0) return;
    last = environment.now();
    const work: Promise<unknown>[] = [];
    // What a handler brings about meanwhile joins the turn.
    for (const [key, message] of waiting) {
      waiting.delete(key);
      const left = deliver(message);
      if (left !== undefined) work.push(left);
    }
    const done = turn;
    turn = null;
    void Promise.all(work).then(() => done?.resolve());
  };
  const look = (): void => (isHeld() ? due() : flush());
  /** It is time, but for the page: for as long as it is hidden, or until its next frame. */
  const due = (): void => {
    disarm();
    if (isHeld()) cancel = environment.page.watch(() => isHeld() || flush());
    else if (frame) {
      cancel = environment.frame?.(look);
      late.set(environment.now() + (cancel === undefined ? FRAME : LATE_FRAME));
    } else if (sample === 0 && conflate !== undefined) soon(flush);
    else flush();
  };
  const sampling = createTimer(environment, due);
  const late = createTimer(environment, look);

  const keyOf = ({ event, data }: Message): PropertyKey => {
    try {
      const key = conflate === undefined ? (whenHidden === 'latest' && isHeld() ? '' : undefined) : conflate(data);
      // An event's name has no control characters.
      if (key !== undefined) return typeof key === 'symbol' ? key : `${event}\n${key}`;
    } catch (error) {
      threw(error);
    }
    return (count += 1);
  };

  return {
    push(message) {
      const key = keyOf(message);
      waiting.delete(key);
      waiting.set(key, message);
      turn ??= createDeferred();
      const { promise } = turn;
      if (waiting.size > MOST_WAITING) flush();
      else if (!armed) {
        armed = true;
        const now = environment.now();
        // A clock that was set back must not make the wait longer.
        const at = Math.min(last, now) + sample;
        if (at > now) sampling.set(at);
        else due();
      }
      return promise;
    },
    flush,
    stop() {
      disarm();
      waiting.clear();
      const left = turn;
      turn = null;
      return () => left?.resolve();
    },
  };
}
