/** That a page has its producer to itself. */
import type { Environment } from '../platform/environment.ts';
import { type Timer, createTimer } from '../util/timer.ts';
import type { Journal } from './journal.ts';
import { holdLock } from './page-lock.ts';
import { pageKey } from './rows.ts';

export interface TenureContext {
  readonly environment: Environment;
  readonly journal: Journal;
  readonly producer: string;
  /** Another page may have sent what this one holds, since it had let go. */
  onBreak(): void;
  /** There is something that others would have to take over. */
  unsettled(): boolean;
}

/** Where there are no locks: how often a page gives a sign of life, and after what silence it is taken for gone, ms. */
const BEAT = 60_000;
export const GONE_AFTER = 5 * 60_000;

type State = { readonly state: 'none' | 'asking' | 'without' } | { readonly state: 'held'; readonly release: () => void };

/** A lock is enough while there are locks; without them a page gives signs of life, and owns nothing for certain. */
export class Tenure {
  readonly #context: TenureContext;
  readonly #beat: Timer;
  #state: State = { state: 'none' };
  /** Whether it was without the lock, while others could have taken over, since it had it last. */
  #past: 'unbroken' | 'broken' = 'unbroken';
  #company: 'never' | 'perhaps' = 'never';

  constructor(context: TenureContext) {
    this.#context = context;
    this.#beat = createTimer(context.environment, () => this.#live());
  }

  /** Nobody else can have sent anything of this producer. */
  get exclusive(): boolean {
    return this.#state.state === 'held';
  }

  /** Nobody else can ever have had anything of it. */
  get alone(): boolean {
    return this.#company === 'never';
  }

  /** There are locks, and it is without its own, or was when it asked for it. */
  get broken(): boolean {
    return this.#past === 'broken' && this.#context.environment.locks !== undefined;
  }

  /** When something of the producer is to be written, and whenever the page goes on. */
  begin(): void {
    if (this.#state.state !== 'none') return;
    this.#state = { state: 'asking' };
    void this.#ask(this.#state);
  }

  /** Something is about to be written. */
  touch(): void {
    if (this.#state.state === 'none') this.begin();
    else if (this.#state.state === 'without' && this.#context.environment.locks === undefined) {
      this.#beat.set(this.#context.environment.now() + BEAT);
    }
  }

  /** There may be rows of this producer. */
  sign(at = this.#context.environment.now()): void {
    this.#context.journal.put([pageKey(this.#context.producer), at]);
  }

  /** Tries again for the lock that somebody else had. */
  retry(): void {
    if (this.#state.state !== 'without' || this.#context.environment.locks === undefined) return;
    this.#state = { state: 'none' };
    this.begin();
  }

  /** The page stands still from now on, or is over: others may take over, and need not wait. */
  end(): void {
    // Also where somebody is at work on what this page left, and may be about to forget its name.
    if (this.#state.state !== 'none') this.sign(this.#context.environment.locks === undefined ? 0 : undefined);
    this.drop();
  }

  /** There is nothing left to take over. */
  drop(): void {
    const before = this.#state;
    this.#state = { state: 'none' };
    this.#break();
    this.#beat.set(null);
    if (before.state === 'held') before.release();
  }

  /** @param asking as it is now: the page may stand still meanwhile, and ask again before this is answered */
  async #ask(asking: State): Promise<void> {
    const { environment, journal, producer } = this.#context;
    const store = await journal.open();
    if (this.#state !== asking) return;
    if (store === null || environment.locks === undefined) {
      this.#state = { state: 'without' };
      this.#break();
      if (store !== null) this.#beat.set(environment.now() + BEAT);
      return;
    }
    const release = await holdLock(environment.locks, `${store.scope} ${producer}`, () => this.#lost());
    if (this.#state !== asking) return release?.();
    if (release === null) {
      this.#state = { state: 'without' };
      this.#break();
      return;
    }
    // What is there now may have been sent by whoever had it meanwhile.
    if (this.#past === 'broken') this.#context.onBreak();
    this.#past = 'unbroken';
    this.#state = { state: 'held', release };
  }

  #lost(): void {
    this.#state = { state: 'without' };
    this.#break();
  }

  #break(): void {
    this.#past = 'broken';
    this.#company = 'perhaps';
  }

  #live(): void {
    if (this.#state.state !== 'without' || !this.#context.unsettled()) return;
    this.sign();
    this.#beat.set(this.#context.environment.now() + BEAT);
  }
}
