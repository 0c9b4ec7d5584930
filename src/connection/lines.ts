/** The connections that are open at a time: one that carries, and those that are being opened beside it. */
import type { ClientFrame } from '../protocol/frame.ts';
import type { Line, OpenLine } from './line.ts';

export class Lines {
  #carrier: OpenLine | null = null;
  readonly #racing = new Map<number, OpenLine>();

  /** The one that was welcomed last. */
  get carrier(): OpenLine | null {
    return this.#carrier;
  }

  /** Not welcomed yet, by rung. */
  get racing(): ReadonlyMap<number, OpenLine> {
    return this.#racing;
  }

  get line(): Line | null {
    return this.#carrier?.line ?? null;
  }

  get heardAt(): number {
    return this.#carrier?.heardAt ?? -Infinity;
  }

  get buffered(): number {
    return this.#carrier?.buffered ?? 0;
  }

  /** Dropped without a welcomed connection: whoever needs it sends it again after `welcome`. */
  send(frame: ClientFrame, now?: 'now'): void {
    this.#carrier?.send(frame, now);
  }

  add(line: OpenLine): void {
    this.#racing.set(line.rung, line);
  }

  /** It was welcomed. @returns the one that carried until now */
  promote(line: OpenLine): OpenLine | null {
    const before = this.#carrier;
    this.#racing.delete(line.rung);
    this.#carrier = line;
    return before;
  }

  /** @returns whether it was the one that carries */
  remove(line: OpenLine): boolean {
    if (this.#racing.get(line.rung) === line) this.#racing.delete(line.rung);
    if (this.#carrier !== line) return false;
    this.#carrier = null;
    return true;
  }
}
