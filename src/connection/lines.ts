/** The connections that are open at a time: one, or a doubtful one and the newer one that is to take its place. */
import type { ClientFrame } from '../protocol/frame.ts';
import type { Line, OpenLine } from './line.ts';

export class Lines {
  #newest: OpenLine | null = null;
  #held: OpenLine | null = null;

  get newest(): OpenLine | null {
    return this.#newest;
  }

  get held(): OpenLine | null {
    return this.#held;
  }

  /** The one that carries: the newest that was welcomed. Until then the held one does. */
  get carrier(): OpenLine | null {
    return this.#newest !== null && this.#newest.line !== null ? this.#newest : this.#held;
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
  send(frame: ClientFrame): void {
    this.carrier?.send(frame);
  }

  add(line: OpenLine): void {
    if (this.#newest !== null) this.#held = this.#newest;
    this.#newest = line;
  }

  /**
   * It ended, or is to be closed. What held on beside it is the newest again.
   *
   * @returns whether it was the one that carries
   */
  remove(line: OpenLine): boolean {
    const [newest, held] = [this.#newest, this.#held];
    // What is opened beside another one carries nothing yet; once it does, the other one carries nothing any more.
    const carried = line === held ? newest?.line === null : held === null;
    this.#held = null;
    if (line === newest) this.#newest = held;
    return carried;
  }
}
