/** What happened in one run: as a hash, to see that a seed decides everything, as counts, and as a story if it is wanted. */
import type { Encoded } from '../../src/protocol/codec.ts';

export class Chronicle {
  readonly timeline: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly #now: () => number;
  readonly #keeps: boolean;
  #hash = 2_166_136_261;

  /** @param now ms since the run began */
  constructor(now: () => number, keeps: boolean) {
    this.#now = now;
    this.#keeps = keeps;
  }

  get hash(): string {
    return this.#hash.toString(16);
  }

  record(event: string): void {
    // FNV-1a
    let hash = this.#hash;
    for (let i = 0; i < event.length; i += 1) hash = Math.imul(hash ^ event.charCodeAt(i), 16_777_619);
    this.#hash = hash >>> 0;
    if (this.#keeps) this.timeline.push(`${String(this.#now()).padStart(8)} ${event}`);
  }

  message(page: number, way: string, data: Encoded): void {
    this.record(`page ${page} ${way} ${typeof data === 'string' ? data : `${data.length} bytes ${data.join(',')}`}`);
  }

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}
