import type { Encoded } from '../../src/protocol/codec.ts';
import type { ServerEnvironment } from '../environment.ts';
import type { ServerSocket } from '../types.ts';
import { stepOf } from './completion.ts';

/** News within this time of the request waits for the rest of it, ms: what comes in a row is not one request each. */
const GATHER = 20;
/** Bytes from which on more would save no request worth the wait. */
const ENOUGH = 32_768;
/** Frames of one answer; a MessagePack array of 2 bytes length holds 65 535. */
const MOST = 10_000;

export interface AnswerOptions {
  /** Hold it for so long, ms; 0 for an answer at once. */
  readonly wait: number;
  /** From its first frame on it waits no longer than this for what is not answered, ms; perhaps Infinity. */
  readonly patience: number;
  /** Bytes above which it is full. */
  readonly bound: number;
  /** Once: the pieces of the one message, or none if nobody takes it any more. The connection is over. */
  readonly onComplete: (pieces: readonly Encoded[] | null) => void;
}

/** The socket of a connection that lasts one response. */
export class Answer implements ServerSocket {
  readonly #environment: Pick<ServerEnvironment, 'setTimeout' | 'clearTimeout'>;
  readonly #options: AnswerOptions;
  #pieces: Encoded[] = [];
  #size = 0;
  #news = false;
  #settled = false;
  #phase: 'gathering' | 'open' | 'complete' = 'gathering';
  #timers: unknown[] = [];

  constructor(environment: Pick<ServerEnvironment, 'setTimeout' | 'clearTimeout'>, options: AnswerOptions) {
    this.#environment = environment;
    this.#options = options;
    if (options.wait > 0) {
      this.#after(GATHER, () => {
        this.#phase = 'open';
        this.#look();
      });
      this.#after(options.wait, () => this.#complete(this.#pieces));
    }
  }

  get buffered(): number {
    return this.#size;
  }

  send(data: Encoded): void {
    this.gather([data], true);
  }

  gather(pieces: readonly Encoded[], news: boolean): void {
    if (this.#phase === 'complete') return;
    const { patience } = this.#options;
    if (this.#size === 0 && patience !== Infinity) this.#after(patience, () => this.settled());
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#size += piece.length;
    }
    this.#news ||= news;
    this.#look();
  }

  settled(): void {
    this.#settled = true;
    this.#look();
  }

  close(): void {
    this.#complete(this.#pieces);
  }

  /** The peer has gone. */
  drop(): void {
    this.#complete(null);
  }

  #look(): void {
    if (this.#phase === 'complete') return;
    const { wait, bound } = this.#options;
    const full = this.#size > bound || this.#pieces.length > MOST;
    const step = stepOf({ held: wait > 0, news: this.#news, settled: this.#settled, full });
    const due = this.#phase === 'open' || this.#size > ENOUGH;
    if (step === 'complete' || (step === 'gather' && due)) this.#complete(this.#pieces);
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(this.#environment.setTimeout(run, ms));
  }

  #complete(pieces: readonly Encoded[] | null): void {
    if (this.#phase === 'complete') return;
    this.#phase = 'complete';
    for (const timer of this.#timers) this.#environment.clearTimeout(timer);
    this.#pieces = [];
    this.#options.onComplete(pieces);
  }
}
