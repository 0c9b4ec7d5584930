import { HoldfastError } from '../errors.ts';
import type { Accepted, Outcome, Readable, Receipt, ReceiptState } from '../types.ts';
import { type Deferred, createDeferred } from '../util/deferred.ts';
import { type Writable, createReadable } from '../util/readable.ts';
import { onAbort } from '../util/stop.ts';
import type { Place } from './replacements.ts';

interface TicketOptions {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly signal: AbortSignal | undefined;
  report(error: unknown): void;
  cancel(ticket: Ticket): void;
  /** Somebody waits for the store. */
  onStoredAsked?(): void;
}

type Storing = { readonly state: 'pending' | 'done' } | { readonly state: 'failed'; readonly error: HoldfastError };

const PENDING: Storing = { state: 'pending' };
const DONE: Storing = { state: 'done' };

/**
 * The receipt, and the outbox's side of it. Promises and readables are made when first asked for: most publications are
 * never looked at again, and a burst of them would pay for it.
 */
export class Ticket implements Receipt {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  /** Null before it has one, and when it has ended. */
  place: Place | null = null;
  readonly #options: TicketOptions;
  #storing: Storing = PENDING;
  #attempted = false;
  #unabort: (() => void) | null = null;
  #outcome: Outcome | null = null;
  /** The client ended first: the outcome will not be known here. */
  #gaveUp: HoldfastError | null = null;
  #stored: Deferred<void> | null = null;
  #accepted: Deferred<Accepted> | null = null;
  #ended: Deferred<Outcome> | null = null;
  #state: Writable<ReceiptState> | null = null;

  constructor(options: TicketOptions) {
    this.id = options.id;
    this.channel = options.channel;
    this.event = options.event;
    this.#options = options;
    if (options.signal !== undefined) this.#unabort = onAbort(options.signal, () => options.cancel(this));
  }

  get stored(): Promise<void> {
    if (this.#storing.state === 'pending') this.#options.onStoredAsked?.();
    this.#stored ??= createDeferred();
    this.#settleStored();
    return this.#stored.promise;
  }

  get accepted(): Promise<Accepted> {
    this.#accepted ??= createDeferred();
    this.#settleAccepted();
    return this.#accepted.promise;
  }

  get state(): Readable<ReceiptState> {
    this.#state ??= createReadable(this.#present(), this.#options.report);
    return this.#state;
  }

  cancel(): Promise<Outcome> {
    this.#ended ??= createDeferred();
    // After the end of the client nothing can be withdrawn: what a store holds is another page's to send.
    if (this.#gaveUp === null) this.#options.cancel(this);
    this.#settleEnded();
    return this.#ended.promise;
  }

  get outcome(): Outcome | null {
    return this.#outcome;
  }

  /** Somebody asked how it ends. */
  get awaited(): boolean {
    return this.#accepted !== null || this.#ended !== null || this.#state !== null;
  }

  markStored(error: HoldfastError | null): void {
    // What was withdrawn is not written, though its number may be.
    if (this.#storing.state !== 'pending' || (this.#outcome !== null && this.#outcome.result !== 'accepted')) return;
    this.#storing = error === null ? DONE : { state: 'failed', error };
    this.#settleStored();
    this.#state?.set(this.#present());
  }

  markAttempted(): void {
    if (this.#attempted) return;
    this.#attempted = true;
    this.#state?.set(this.#present());
  }

  /** It was stored by an earlier page. */
  adopted(attempted: boolean): void {
    this.#storing = DONE;
    this.#attempted = attempted;
  }

  settle(outcome: Outcome): void {
    this.#outcome = outcome;
    this.place = null;
    this.#unabort?.();
    if (outcome.result === 'accepted') this.markStored(null);
    this.#settleStored();
    this.#settleAccepted();
    this.#settleEnded();
    this.#state?.set(this.#present());
  }

  giveUp(error: HoldfastError): void {
    // A client that the server has ended may still be destroyed: the first end is the reason.
    if (this.#outcome !== null || this.#gaveUp !== null) return;
    this.#gaveUp = error;
    this.#unabort?.();
    this.#settleStored();
    this.#settleAccepted();
    this.#settleEnded();
  }

  #present(): ReceiptState {
    return this.#outcome === null
      ? { state: 'pending', stored: this.#storing.state === 'done', attempted: this.#attempted }
      : { state: 'settled', outcome: this.#outcome };
  }

  #settleStored(): void {
    if (this.#storing.state === 'done') this.#stored?.resolve();
    else if (this.#storing.state === 'failed') this.#stored?.reject(this.#storing.error);
    else if (this.#outcome !== null && this.#outcome.result !== 'accepted') this.#stored?.reject(errorOf(this.#outcome));
    else if (this.#gaveUp !== null) this.#stored?.reject(this.#gaveUp);
  }

  #settleAccepted(): void {
    const outcome = this.#outcome;
    if (outcome?.result === 'accepted') {
      this.#accepted?.resolve({ cursor: outcome.cursor, maybeDuplicate: outcome.maybeDuplicate });
    } else if (outcome !== null) this.#accepted?.reject(errorOf(outcome));
    else if (this.#gaveUp !== null) this.#accepted?.reject(this.#gaveUp);
  }

  #settleEnded(): void {
    if (this.#outcome !== null) this.#ended?.resolve(this.#outcome);
    else if (this.#gaveUp !== null) this.#ended?.reject(this.#gaveUp);
  }
}

export function errorOf(outcome: Exclude<Outcome, { readonly result: 'accepted' }>): HoldfastError {
  if (outcome.result === 'rejected') return outcome.error;
  return new HoldfastError(outcome.result, `The publication to '${outcome.channel}' ended as ${outcome.result}.`);
}
