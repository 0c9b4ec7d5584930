/** How a response reaches a page: gathered by a proxy or not, in pieces or not, byte by byte in order. */
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { HttpMiddle } from './http-middle.ts';
import type { Pipe } from './pipe.ts';
import { joined } from './sim-fetch.ts';

export interface DownstreamOptions {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly pipe: Pipe;
  readonly splits: HttpMiddle['splits'];
  /** Bytes that something between gathers first; Infinity: all of it. 0: it passes on what comes. */
  readonly gathers: number;
  readonly holdsHead: boolean;
  onHead(status: number, headers: Headers): void;
  onChunk(bytes: Uint8Array<ArrayBuffer>): void;
  onEnd(): void;
}

export type Headers = Readonly<Record<string, string>>;
/** When the last byte is there. */
type Told = () => void;

/** Bytes of a head. */
const HEAD = 300;
/** Bytes that were kept back go on after this, ms, or with those that come next. */
const KEPT_FOR = 50;

export class Downstream {
  readonly #options: DownstreamOptions;
  /** What is gathered until it is enough; null: it flows. */
  #gathered: (() => void)[] | null;
  #missing: number;
  #kept: { readonly bytes: Uint8Array<ArrayBuffer>; readonly told: readonly Told[] } | null = null;
  #timer: unknown = null;

  constructor(options: DownstreamOptions) {
    this.#options = options;
    this.#missing = options.gathers;
    this.#gathered = options.gathers > 0 ? [] : null;
  }

  head(status: number, headers: Headers): void {
    const pass = (): void => this.#options.pipe.carry(HEAD, () => this.#options.onHead(status, headers));
    if (this.#options.holdsHead) this.#pass(0, pass);
    else pass();
  }

  body(bytes: Uint8Array<ArrayBuffer>, told: Told): void {
    this.#pass(bytes.length, () => this.#split(bytes, [told]));
  }

  end(): void {
    this.flow();
    this.#release();
    this.#options.pipe.carry(0, () => this.#options.onEnd());
  }

  /** Whatever was gathered goes on, and nothing more is. */
  flow(): void {
    const gathered = this.#gathered;
    this.#gathered = null;
    gathered?.forEach((pass) => pass());
  }

  kill(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#gathered = null;
    this.#kept = null;
    this.#options.pipe.kill();
  }

  #pass(bytes: number, pass: () => void): void {
    if (this.#gathered === null) return pass();
    this.#gathered.push(pass);
    this.#missing -= bytes;
    if (this.#missing <= 0) this.flow();
  }

  #split(bytes: Uint8Array<ArrayBuffer>, told: readonly Told[]): void {
    const { random, splits, clock } = this.#options;
    if (splits === 0) return this.#carry(bytes, told);
    const before = this.#take();
    let rest = before === null ? bytes : joined([before.bytes, bytes]);
    while (rest.length > 1 && random() < splits / 2) {
      const at = 1 + Math.floor(random() * (rest.length - 1));
      // What was kept back may end here or further on: nobody minds if it is told late.
      this.#carry(rest.slice(0, at), []);
      rest = rest.slice(at);
    }
    const all = [...(before?.told ?? []), ...told];
    if (random() >= splits) return this.#carry(rest, all);
    this.#kept = { bytes: rest, told: all };
    this.#options.pipe.reserve(rest.length);
    this.#timer = clock.setTimeout(() => this.#release(), KEPT_FOR);
  }

  #take(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly told: readonly Told[] } | null {
    const kept = this.#kept;
    this.#options.pipe.reserve(-(kept?.bytes.length ?? 0));
    this.#options.clock.clearTimeout(this.#timer);
    this.#kept = null;
    return kept;
  }

  #release(): void {
    const kept = this.#take();
    if (kept !== null) this.#carry(kept.bytes, kept.told);
  }

  #carry(bytes: Uint8Array<ArrayBuffer>, told: readonly Told[]): void {
    this.#options.pipe.carry(bytes.length, () => {
      for (const tell of told) tell();
      this.#options.onChunk(bytes);
    });
  }
}
