import { END } from '../src/protocol/end-codes.ts';
import type { Hello } from '../src/protocol/frame.ts';
import type { Outgoing } from './outgoing.ts';
import type { ServerTiming, SocketKind } from './types.ts';

/** How often the server looks at each connection. One timer for all of them: a timer for each frame would cost more than the frame. */
export function sweepInterval({ ping }: ServerTiming): number {
  return Math.max(10, Math.min(500, ping / 4));
}

/** A client that saves data asks for longer silences: not for shorter ones, which would cost the server, and not for any. */
export function grantedPing({ ping: asked = 0 }: Pick<Hello, 'ping'>, { ping }: ServerTiming): number {
  return Math.min(Math.max(asked, ping), LONGEST * ping);
}

/** In pings of the server's own. */
const LONGEST = 4;

/** Silence of an event stream before its first ping, ms: a client that lacks it knows that something holds the events back. */
const PROOF = 2000;

/** Beyond two pings, for a round trip on a bad line. */
const SLACK = 10_000;

/** What is due: a frame, or an end with its code and reason. */
export type Due = 'ping' | 'refresh' | 'stalled' | readonly [code: number, why: string] | null;

/** Not a final code: a page may have been frozen between opening its socket and saying hello. */
const NO_HELLO = [END.pingTimeout, 'no hello came in time'] as const;
const SILENT = [END.pingTimeout, 'nothing was heard for two pings'] as const;
const EXPIRED = [END.tokenExpired, 'the token has expired'] as const;

/** What is due on one connection, by timestamps: nothing is set or reset when a frame comes or goes. */
export class Watch {
  readonly #timing: ServerTiming;
  readonly #outgoing: Outgoing;
  readonly #kind: SocketKind;
  readonly #openedAt: number;
  #ping: number;
  #heardAt: number;
  #saidAt: number;
  #askedAt: number;
  #said = 0;
  #progress = 0;
  #progressAt: number;
  /** The end of token that the client was told of. */
  #told: number | null = null;
  /** Whether the silences of a stream are known to reach the client as silences. */
  #proof: 'due' | 'given';

  constructor(timing: ServerTiming, outgoing: Outgoing, kind: SocketKind, now: number) {
    this.#timing = timing;
    this.#ping = timing.ping;
    this.#outgoing = outgoing;
    this.#kind = kind;
    this.#proof = kind === 'stream' ? 'due' : 'given';
    this.#openedAt = now;
    this.#heardAt = now;
    this.#saidAt = now;
    this.#askedAt = now;
    this.#progressAt = now;
  }

  /** @returns the longest silence from here on, ms */
  grant(hello: Pick<Hello, 'ping'>): number {
    this.#ping = grantedPing(hello, this.#timing);
    return this.#ping;
  }

  heard(now: number): void {
    this.#heardAt = now;
  }

  /** The process stood still, or its clock was set: what was missed meanwhile says nothing of the peer. */
  excuse(now: number): void {
    this.#heardAt = now;
    this.#saidAt = now;
    this.#askedAt = now;
    this.#progressAt = now;
  }

  look(now: number, opening: boolean, expiresAt: number | null): Due {
    const { openTimeout, stallTimeout, tokenGrace } = this.#timing;
    const ping = this.#ping;
    this.#outgoing.update();
    if (opening) return now - this.#openedAt >= openTimeout ? NO_HELLO : null;
    const duplex = this.#kind === 'duplex';
    // A stream never says anything again. Other requests are over long before this, unless the store never answers.
    if (this.#kind !== 'stream' && now - this.#heardAt >= 2 * ping + SLACK) return SILENT;
    if (this.#stalls(now, stallTimeout)) return 'stalled';
    if (expiresAt !== null && now >= expiresAt + tokenGrace) return EXPIRED;
    if (expiresAt !== null && now >= expiresAt && this.#told !== expiresAt) {
      this.#told = expiresAt;
      return 'refresh';
    }
    // An answer that comes in one piece shows nothing before its end.
    if (!duplex && this.#kind !== 'stream') return null;
    const quiet = this.#quiet(now, this.#proof === 'due' ? Math.min(PROOF, ping) : ping);
    // Who only listens to a busy channel has nothing to say unless it is asked; a stream has no way to answer.
    if (!quiet && (!duplex || now - Math.max(this.#heardAt, this.#askedAt) < ping)) return null;
    this.#askedAt = now;
    this.#proof = 'given';
    return 'ping';
  }

  #stalls(now: number, stallTimeout: number): boolean {
    const { busy, progress } = this.#outgoing;
    if (!busy || progress !== this.#progress) {
      this.#progress = progress;
      this.#progressAt = now;
      return false;
    }
    return now - this.#progressAt >= stallTimeout;
  }

  /** Both what was said and that it was long ago are seen late by up to one look. */
  #quiet(now: number, most: number): boolean {
    const { said } = this.#outgoing;
    if (said !== this.#said) {
      this.#said = said;
      this.#saidAt = now;
    }
    return now - this.#saidAt >= most - 2 * sweepInterval(this.#timing);
  }
}
