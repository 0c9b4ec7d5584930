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
  /** Its last sign of life, at the latest; null while it has to give none. */
  #signedAt: number | null = null;
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

  /** Others may have taken over: it is without its lock, or was; or it has rested, or was silent for too long, without locks. */
  get broken(): boolean {
    return this.#past === 'broken' || this.#wasSilent();
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
    else if (this.#state.state === 'without' && this.#signedAt === null) this.#keepAlive();
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
    this.#signedAt = null;
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
      if (environment.locks !== undefined) return this.#break();
      this.#company = 'perhaps';
      if (this.#past === 'broken') this.#returned();
      if (store !== null) this.#keepAlive();
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

  /** Whoever read that it had said goodbye, or had been silent, may be at work; nobody else needs to begin. */
  #returned(): void {
    this.#context.onBreak();
    if (this.#context.unsettled()) this.sign();
  }

  #keepAlive(): void {
    if (this.#context.environment.locks !== undefined) return;
    this.#signedAt = this.#context.environment.now();
    this.#beat.set(this.#signedAt + BEAT);
  }

  /** A clock that was set back counts too: see how others judge it. */
  #wasSilent(): boolean {
    return this.#signedAt !== null && Math.abs(this.#context.environment.now() - this.#signedAt) > GONE_AFTER;
  }

  #live(): void {
    if (this.#wasSilent()) {
      this.#break();
      this.#context.onBreak();
    }
    this.#signedAt = null;
    if (this.#state.state !== 'without' || !this.#context.unsettled()) return;
    this.sign();
    this.#keepAlive();
  }
}
