/** How publications end, and who is told (rule R6). */
import { HoldfastError } from '../errors.ts';
import type { Outcome } from '../types.ts';
import type { OutboxContext, OutboxSettings } from './context.ts';
import type { Keeper } from './keeper.ts';
import type { Answer, Lane } from './lane.ts';
import { outcomeOf } from './outcome.ts';
import { AND, PERHAPS } from './record.ts';
import { type Ticket, errorOf } from './receipt.ts';
import type { OutboxRecord, Owner } from './shelf.ts';
import { Recent } from '../util/recent.ts';

/** Ids whose end this page has told: what its owner went on with may be taken over once more. */
const TOLD = 4096;

export interface EndingsOptions {
  readonly context: OutboxContext;
  readonly settings: OutboxSettings;
  readonly keeper: Keeper;
  /** Another page goes by the lane's name: publish the record anew. */
  onConflict(lane: Lane<Owner>, record: OutboxRecord): void;
  /** Also if it was accepted before, and has another place now. */
  onEnded(outcome: Outcome, record?: OutboxRecord): void;
  isOver(): boolean;
}

type Withdrawn = 'cancelled' | 'expired' | 'closed';
type Ending = { readonly result: Withdrawn | 'uncertain' };

/** What was never sent cannot turn out accepted, and what was cancelled nobody tries again: its payload is not needed. */
const WITHDRAWN = { data: undefined, size: 0, payload: 'gone' };

export class Endings {
  readonly #options: EndingsOptions;
  readonly #told = new Recent(TOLD);

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** The server has answered. */
  answered(lane: Lane<Owner>, { record, result, again }: Answer<Owner>, epoch: string): void {
    const { keeper, onConflict, onEnded } = this.#options;
    const { ticket } = record.owner;
    if (!again) keeper.journal.forget(lane, record);
    const code = typeof result === 'object' && 'code' in result ? result.code : null;
    // The others were withdrawn, or stand there under the name that their page gave them.
    const isLost = code === 'closed' && record.tombstone === 'closed' && !record.doubtful && !again;
    if (ticket === null) return isLost ? this.#lostByStore(lane, record) : undefined;
    if (code === 'conflict' && ticket.outcome === null) return onConflict(lane, record);
    const outcome = outcomeOf(ticket, result, epoch, record.doubtful);
    const known = ticket.outcome?.result;
    // What stands for a record in doubt is a tombstone, and that it was closed says nothing of the copy that may exist.
    if (known === undefined || (known === 'uncertain' && outcome.result === 'accepted')) this.settle(ticket, outcome, record);
    else if (known === 'accepted') {
      // Repaired: it stands elsewhere now, and comes back from there.
      if (outcome.result === 'accepted') onEnded(outcome);
      else if (outcome.result !== 'uncertain' || code === 'before-start') {
        this.settle(ticket, { ...outcome, result: 'lost' }, record);
      }
    }
  }

  /** What was attempted under a memory that is lost may have arrived; so may what perhaps was, if the lane was begun anew. */
  doubt(lane: Lane<Owner>, mem: string): void {
    const { keeper, settings } = this.#options;
    const { whenInDoubt } = settings;
    for (const record of lane.pending() as readonly OutboxRecord[]) {
      if (this.#options.isOver()) return;
      const { attempted, tombstone } = record;
      const isLost = (under: string): boolean => (under === PERHAPS ? lane.doubted === mem : under !== mem);
      if (tombstone !== null || !attempted?.split(AND).some(isLost)) continue;
      if (whenInDoubt === 'resend') record.doubtful = true;
      else if (whenInDoubt === 'surface') this.#bury(lane, record, 'closed', { result: 'uncertain' });
      else {
        // Told by the answer: another page may be sending the item.
        record.tombstone = 'closed';
        keeper.journal.keep(lane, record);
      }
    }
  }

  /**
   * Told at once only if it was never sent, and no other page can have sent it; otherwise the server knows the truth, and it
   * may be "accepted".
   */
  withdraw(lane: Lane<Owner>, record: OutboxRecord, kind: 'cancelled' | 'expired'): void {
    const { keeper } = this.#options;
    if (record.attempted === null && record.shelved === 'no') {
      record.tombstone = kind;
      // Whoever takes over what stands before it must not take its number for a loss.
      const needed = keeper.journal.holds(lane.before(record)) || keeper.isContested(lane);
      if (!needed) keeper.journal.forget(lane, record);
      this.#tell(record, { result: kind });
      Object.assign(record, WITHDRAWN, { payload: 'number' });
      return;
    }
    const unsent = record.attempted === null && keeper.exclusive(lane);
    record.tombstone = kind;
    keeper.journal.keep(lane, record);
    // Or it would rise again when the power is gone.
    const written = keeper.journal.flush(true);
    if (!unsent) return;
    void written.then((durable) => {
      if (!durable || !keeper.exclusive(lane) || record.owner.ticket?.outcome !== null) return;
      this.#tell(record, { result: kind });
      if (kind === 'cancelled' && record.answeredAt === null) Object.assign(record, WITHDRAWN);
    });
  }

  /** A newer one with the same key stands in its place, or after it. */
  replaced(lane: Lane<Owner>, record: OutboxRecord, retracted: boolean): void {
    if (!retracted) return this.withdraw(lane, record, 'cancelled');
    this.#options.keeper.journal.forget(lane, record);
    this.#tell(record, { result: 'cancelled' });
  }

  refuse(ticket: Ticket, error: HoldfastError): Ticket {
    const { id, channel, event } = ticket;
    this.settle(ticket, { id, channel, event, result: 'rejected', error });
    return ticket;
  }

  settle(ticket: Ticket, outcome: Outcome, record?: OutboxRecord): void {
    const { context, keeper, onEnded } = this.#options;
    ticket.settle(outcome);
    if (record !== undefined) {
      keeper.shelf.settled(record);
      this.#file(outcome, record);
    }
    onEnded(outcome, record);
    if (this.#told.has(outcome.id) && outcome.result !== 'lost') return;
    if (outcome.result !== 'uncertain') this.#told.add(outcome.id);
    const heard = context.onOutcome(outcome);
    if (!heard && outcome.result !== 'accepted' && outcome.result !== 'cancelled') {
      // The caller gets the rest of this tick to look at its receipt.
      queueMicrotask(() => ticket.awaited || context.report(errorOf(outcome)));
    }
  }

  #bury(lane: Lane<Owner>, record: OutboxRecord, kind: Withdrawn, end: Ending): void {
    record.tombstone = kind;
    this.#options.keeper.journal.keep(lane, record);
    this.#tell(record, end);
  }

  #tell(record: OutboxRecord, end: Ending): void {
    const { ticket } = record.owner;
    if (ticket === null) return;
    const { id, channel, event } = ticket;
    this.settle(ticket, { id, channel, event, ...end }, record);
  }

  /** What ended badly is the app's to see to. */
  #file(outcome: Outcome, { event, data, owner, payload }: OutboxRecord): void {
    const { letters } = this.#options.keeper;
    const { id, channel } = outcome;
    const before = letters.get(id);
    if (outcome.result === 'accepted' || outcome.result === 'cancelled') return before && letters.remove(before);
    // It was cancelled, and ended otherwise at another page.
    if (payload === 'gone') return;
    const { createdAt, expiresAt, own } = owner;
    letters.add({ id, channel, event, data, createdAt, expiresAt, own, error: errorOf(outcome) });
  }

  #lostByStore({ channel }: Lane<Owner>, { sequence }: OutboxRecord): void {
    const message = `A publication of an earlier page to '${channel}' (number ${sequence}) is not in the store any more.`;
    this.#options.context.report(new HoldfastError('lost', message, { details: { channel } }));
  }
}
