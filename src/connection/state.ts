import type { HoldfastError } from '../errors.ts';
import type { Reason, TokenContext } from '../types.ts';
import type { Race } from './race.ts';

/** What outlives a state: kept until a connection has been stable, or the client is destroyed. */
export interface Memory {
  /** Attempts that failed since the last stable connection. */
  readonly failures: number;
  /** Times of attempts within the last minute. */
  readonly attempts: readonly number[];
  /** Why the next token is asked for; null if the one at hand will do. */
  readonly token: TokenContext['reason'] | null;
  /** Why the last connection ended. */
  readonly reason: Reason | null;
  /** No attempt before: a server said so, and no welcome has come since. */
  readonly floor: number;
  /** When it said so. */
  readonly told: number;
  /** How often in a row better transports were tried in vain; -1: on another network than this. */
  readonly climbs: number;
}

/** A welcomed connection, and whether it has lived long enough to reset the backoff. */
export interface Held {
  /** Its transport: 0 is the most preferred. */
  readonly rung: number;
  readonly since: number;
  readonly life: 'proving' | 'stable';
  /** When better transports are to be tried; null: not set, or there are none. */
  readonly climbAt: number | null;
}

/** One that carries while others are opened: in its place, since it is in doubt, or above it, since they may be better. */
export interface Beside extends Held {
  readonly trust: 'doubted' | 'sound';
}

/**
 * proving: welcomed, but not yet for 10 s. Only `stable` resets the backoff: a server that accepts and then drops every
 * connection would otherwise be hammered at the first step for ever.
 *
 * doubting: a sign of life has been asked for. At `until` another connection is opened beside the doubtful one, which
 * preparing and opening then hold: whichever shows life first is kept (make before break). They hold a sound one too, while
 * a better transport than its own is tried: at `until` of stable.
 */
export type State =
  | { readonly state: 'idle'; readonly memory: Memory }
  /** The app said `disconnect`: only its `connect` ends it, whatever is published meanwhile. */
  | { readonly state: 'paused'; readonly memory: Memory }
  /**
   * The page was left or frozen. Should it go on without saying so, `until` passes. Null: it is hidden and saves data, until
   * it is shown or something is wanted.
   */
  | { readonly state: 'resting'; readonly memory: Memory; readonly until: number | null }
  | { readonly state: 'preparing'; readonly memory: Memory; readonly held: Beside | null }
  | {
      readonly state: 'opening';
      readonly memory: Memory;
      readonly held: Beside | null;
      readonly race: Race;
      readonly until: number;
    }
  | {
      readonly state: 'proving';
      readonly memory: Memory;
      readonly rung: number;
      readonly since: number;
      readonly until: number;
      /** Beside a lesser one that worked, or not. */
      readonly from: 'attempt' | 'climb';
    }
  | {
      readonly state: 'stable';
      readonly memory: Memory;
      readonly rung: number;
      readonly since: number;
      /** Null: there is no better transport to try. */
      readonly until: number | null;
    }
  | {
      readonly state: 'doubting';
      readonly memory: Memory;
      readonly held: Held;
      readonly cause: 'hint' | 'silence';
      /** Null: only the verdict on the doubtful one is awaited. */
      readonly until: number | null;
    }
  | { readonly state: 'waiting'; readonly memory: Memory; readonly until: number }
  | { readonly state: 'offline'; readonly memory: Memory; readonly until: number }
  | { readonly state: 'closed'; readonly reason: Reason };

export type Event =
  /** Something wants a connection. */
  | { readonly type: 'need' }
  /** The app itself wants one. */
  | { readonly type: 'connect' }
  | { readonly type: 'pause' }
  | { readonly type: 'retry' }
  /** A token is at hand, or none is needed. */
  | { readonly type: 'token' }
  | { readonly type: 'token-failed'; readonly ended: Ended }
  | { readonly type: 'welcome'; readonly rung: number }
  /** The only connection there was, or one that was being opened. */
  | { readonly type: 'ended'; readonly rung: number; readonly ended: Ended }
  /** The one that carries, while others were being opened. */
  | { readonly type: 'held-ended'; readonly ended: Ended }
  /** Nothing was heard for longer than the server is ever silent. */
  | { readonly type: 'silence' }
  /** The doubtful one showed life. */
  | { readonly type: 'alive' }
  /** The state's `until` has passed. */
  | { readonly type: 'due' }
  | { readonly type: 'online' }
  | { readonly type: 'offline' }
  | { readonly type: 'visible' }
  | { readonly type: 'network' }
  /** The clock was set, or the machine slept. */
  | { readonly type: 'jump' }
  /** The page is left or frozen, and nothing of it will run. By the client itself: it is hidden, and saves data. */
  | { readonly type: 'rest'; readonly reason: Reason }
  | { readonly type: 'wake' }
  /** Cannot go on, whatever is tried. */
  | { readonly type: 'fatal'; readonly reason: Reason }
  | { readonly type: 'destroy' };

/** The end of one connection or attempt. */
export interface Ended {
  readonly reason: Reason;
  /** Wait at least, ms. */
  readonly after: number;
  /** Wait a random part of this instead of the backoff, ms; null if the server did not say. */
  readonly spread: number | null;
  /** The code is final as such, but the cause has been removed (a batch that is now sent item by item). */
  readonly mended: boolean;
}

export type Effect =
  | { readonly type: 'ask-token'; readonly reason: TokenContext['reason'] | null }
  /** The platform supports no transport. */
  | { readonly type: 'no-way' }
  /** Beside those that are open. */
  | { readonly type: 'open'; readonly rung: number }
  /** Close every link without waiting for the peer. */
  | { readonly type: 'abandon' }
  /** The same for one that is being opened: it took too long, or lost the race. */
  | { readonly type: 'drop'; readonly rung: number; readonly why: 'late' | 'lost' }
  /** The same for all that are being opened: the one that carries is kept. */
  | { readonly type: 'drop-new' }
  /** The same for the one that carried: a new one has been welcomed. */
  | { readonly type: 'drop-held' }
  /** Ask for a sign of life, with a verdict after 2 s. */
  | { readonly type: 'check' };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** What a step may know of the world. */
export interface Facts {
  readonly now: number;
  /** 0 ≤ x < 1, drawn anew for each step. */
  readonly random: number;
  readonly online: boolean;
  readonly visible: boolean;
  /** Data are to be saved. @default false */
  readonly saves?: boolean;
  /** Of the links that are being opened, by rung; else the only one. */
  readonly links?: ReadonlyMap<number, Pick<Reason, 'transport' | 'opened'>>;
  /** Of the connection that carries, ms; null if it was never measured. */
  readonly roundTrip?: number | null | undefined;
  /** Since the app gave the token at hand, ms. @default 0 */
  readonly tokenAge?: number;
  /** What an attempt tries, in order. Empty: the platform supports none. */
  readonly plan: readonly number[];
  /** What would be better than the transport in use, in order. */
  readonly climb: readonly number[];
  readonly raceAfter: readonly number[];
  readonly backoffBase: number;
  readonly backoffCap: number;
  readonly backoffCapHidden: number;
  readonly openTimeout: number;
}

export const FRESH: Memory = { failures: 0, attempts: [], token: 'connect', reason: null, floor: 0, told: 0, climbs: 0 };

/** A reason without a connection behind it. */
export function reasonOf(by: Reason['by'], code: number, name: string, error: HoldfastError | null = null): Reason {
  return { by, layer: 'session', code, name, transport: null, opened: false, page: 'visible', lastRoundTrip: null, error };
}

/** When the state's own timer is due. */
export function dueAt(state: State): number | null {
  return 'until' in state ? state.until : null;
}

/** The welcomed connection of a state; null if it has none. */
export function heldOf(state: State): Held | null {
  switch (state.state) {
    case 'proving':
      return { rung: state.rung, since: state.since, life: 'proving', climbAt: null };
    case 'stable':
      return { rung: state.rung, since: state.since, life: 'stable', climbAt: state.until };
    case 'doubting':
    case 'preparing':
    case 'opening':
      return state.held;
    default:
      return null;
  }
}
