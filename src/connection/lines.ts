/** The connections that are open at a time: one that carries, those that are being opened beside it, and one that leaves. */
import type { Environment } from '../platform/environment.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import { createTimer } from '../util/timer.ts';
import type { Line, OpenLine } from './line.ts';

/** For what was asked on a connection that was replaced, ms: the server ends it 5 s after the hello of the newer one. */
const LEAVES_WITHIN = 4000;

export class Lines {
  /** The one that was welcomed last. */
  carrier: OpenLine | null = null;
  /** Not welcomed yet, by rung. */
  readonly racing = new Map<number, OpenLine>();
  /** Replaced, and still to answer what was asked on it. */
  leaving: OpenLine | null = null;
  readonly #timer;

  /** @param drop is called for one whose time to leave is over */
  constructor(environment: Environment, drop: (line: OpenLine) => void) {
    this.#timer = createTimer(environment, () => {
      if (this.leaving !== null) drop(this.leaving);
    });
  }

  get line(): Line | null {
    return this.carrier?.line ?? null;
  }

  get heardAt(): number {
    return this.carrier?.heardAt ?? -Infinity;
  }

  get buffered(): number {
    return this.carrier?.buffered ?? 0;
  }

  /** Dropped without a welcomed connection: whoever needs it sends it again after `welcome`. */
  send(frame: ClientFrame, now?: 'now'): void {
    this.carrier?.send(frame, now);
  }

  add(line: OpenLine): void {
    this.racing.set(line.rung, line);
  }

  /** It was welcomed. @returns the one that carried until now */
  promote(line: OpenLine): OpenLine | null {
    const before = this.carrier;
    this.racing.delete(line.rung);
    this.carrier = line;
    return before;
  }

  leave(line: OpenLine, now: number): void {
    this.leaving = line;
    this.#timer.set(now + LEAVES_WITHIN);
  }

  /** @returns whether it was the one that carries */
  remove(line: OpenLine): boolean {
    if (this.leaving === line) {
      this.leaving = null;
      this.#timer.set(null);
    }
    if (this.racing.get(line.rung) === line) this.racing.delete(line.rung);
    if (this.carrier !== line) return false;
    this.carrier = null;
    return true;
  }
}
