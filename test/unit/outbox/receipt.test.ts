// Holds I3 (docs/guarantees.md).
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import { Ticket } from '../../../src/outbox/receipt.ts';
import type { Outcome } from '../../../src/types.ts';

const BASE = { id: 'i1', channel: 'room', event: 'e' };
const ACCEPTED: Outcome = { ...BASE, result: 'accepted', cursor: { epoch: 'E', offset: 1, tag: 't' }, maybeDuplicate: false };
const REJECTED: Outcome = { ...BASE, result: 'rejected', error: new HoldfastError('forbidden', 'No.') };
const ends: readonly Outcome[] = [
  ...(['cancelled', 'expired', 'closed', 'uncertain', 'lost'] as const).map((result) => ({ ...BASE, result })),
  REJECTED,
];
const DESTROYED = new HoldfastError('destroyed', 'The client was destroyed.');

function createTicket(signal?: AbortSignal) {
  const cancelled: Ticket[] = [];
  const errors: unknown[] = [];
  const ticket = new Ticket({
    ...BASE,
    signal,
    report: (error) => errors.push(error),
    cancel: (asked) => cancelled.push(asked),
  });
  return { ticket, cancelled, errors };
}

const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ code: error instanceof HoldfastError ? error.code : error }),
  );
const codeOf = (outcome: Outcome): string => (outcome.result === 'rejected' ? outcome.error.code : outcome.result);

// Vitest has a listener of its own, which would fail the run but name no test.
let unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
const others = process.listeners('unhandledRejection');
beforeEach(() => {
  unhandled = [];
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  // Node tells of them after the microtasks of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners('unhandledRejection');
  for (const listener of others) process.on('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
});

describe('accepted', () => {
  it('resolves with the place', async () => {
    const { ticket } = createTicket();
    const early = ticket.accepted;
    ticket.settle(ACCEPTED);
    const expected = { value: { cursor: { epoch: 'E', offset: 1, tag: 't' }, maybeDuplicate: false } };
    expect(await settled(early)).toEqual(expected);
    expect(await settled(ticket.accepted)).toEqual(expected);
  });

  it.each(ends.map((outcome) => [codeOf(outcome), outcome] as const))(
    'rejects with %s, asked for before or after',
    async (code, outcome) => {
      const { ticket } = createTicket();
      const early = ticket.accepted;
      ticket.settle(outcome);
      expect(await settled(early)).toEqual({ code });
      expect(await settled(ticket.accepted)).toEqual({ code });
    },
  );

  it('is one promise, however often it is asked for', () => {
    const { ticket } = createTicket();
    expect(ticket.accepted).toBe(ticket.accepted);
    expect(ticket.stored).toBe(ticket.stored);
  });
});

describe('stored', () => {
  it('resolves when it is written', async () => {
    const { ticket } = createTicket();
    const early = ticket.stored;
    ticket.markStored(null);
    expect([await settled(early), await settled(ticket.stored)]).toEqual([{ value: undefined }, { value: undefined }]);
  });

  it('resolves too if the answer of the server comes first', async () => {
    const { ticket } = createTicket();
    ticket.settle(ACCEPTED);
    ticket.markStored(new HoldfastError('storage-failed', 'Full.'));
    expect(await settled(ticket.stored)).toEqual({ value: undefined });
  });

  it('rejects when storage refused it, and stays so when it is accepted', async () => {
    const { ticket } = createTicket();
    ticket.markStored(new HoldfastError('storage-failed', 'Full.'));
    ticket.settle(ACCEPTED);
    expect(await settled(ticket.stored)).toEqual({ code: 'storage-failed' });
    expect(await settled(ticket.accepted)).toMatchObject({ value: { maybeDuplicate: false } });
  });

  it('rejects when it ended otherwise before it was written, and not when after', async () => {
    const [before, after] = [createTicket().ticket, createTicket().ticket];
    before.settle({ ...BASE, result: 'cancelled' });
    expect(await settled(before.stored)).toEqual({ code: 'cancelled' });
    after.markStored(null);
    after.settle({ ...BASE, result: 'cancelled' });
    expect(await settled(after.stored)).toEqual({ value: undefined });
  });
});

describe('state', () => {
  it('goes from pending to stored, attempted and settled', async () => {
    const { ticket } = createTicket();
    const { state } = ticket;
    let told = 0;
    state.subscribe(() => (told += 1));
    expect(state.get()).toEqual({ state: 'pending', stored: false, attempted: false });
    ticket.markAttempted();
    expect(state.get()).toEqual({ state: 'pending', stored: false, attempted: true });
    ticket.markStored(null);
    expect(state.get()).toEqual({ state: 'pending', stored: true, attempted: true });
    await Promise.resolve();
    ticket.settle(ACCEPTED);
    expect(state.get()).toEqual({ state: 'settled', outcome: ACCEPTED });
    await Promise.resolve();
    expect(told).toBe(2);
  });

  it('asked for late says how it is now', () => {
    const { ticket } = createTicket();
    ticket.markAttempted();
    expect(ticket.state.get()).toEqual({ state: 'pending', stored: false, attempted: true });
    const { ticket: done } = createTicket();
    done.settle(REJECTED);
    expect(done.state.get()).toEqual({ state: 'settled', outcome: REJECTED });
  });

  it('"uncertain" may be replaced by what became known', async () => {
    const { ticket } = createTicket();
    ticket.settle({ ...BASE, result: 'uncertain' });
    const rejected = ticket.accepted;
    ticket.settle(ACCEPTED);
    expect(ticket.state.get()).toEqual({ state: 'settled', outcome: ACCEPTED });
    expect(await settled(rejected)).toEqual({ code: 'uncertain' });
  });

  it('a listener that throws is reported', async () => {
    const { ticket, errors } = createTicket();
    ticket.state.subscribe(() => {
      throw new Error('listener');
    });
    ticket.markAttempted();
    await Promise.resolve();
    expect(errors).toEqual([new Error('listener')]);
  });
});

describe('cancel', () => {
  it('asks the outbox, and resolves with whatever the outcome is', async () => {
    const { ticket, cancelled } = createTicket();
    const ended = ticket.cancel();
    expect(cancelled).toEqual([ticket]);
    ticket.settle(ACCEPTED);
    expect(await settled(ended)).toEqual({ value: ACCEPTED });
  });

  it('of one that has ended resolves with its outcome', async () => {
    const { ticket } = createTicket();
    ticket.settle(REJECTED);
    expect(await settled(ticket.cancel())).toEqual({ value: REJECTED });
  });

  it('of a client that ended rejects', async () => {
    const { ticket } = createTicket();
    const early = ticket.cancel();
    ticket.giveUp(DESTROYED);
    expect(await settled(early)).toEqual({ code: 'destroyed' });
    expect(await settled(ticket.cancel())).toEqual({ code: 'destroyed' });
  });
});

describe('the signal', () => {
  it('cancels', () => {
    const controller = new AbortController();
    const { ticket, cancelled } = createTicket(controller.signal);
    controller.abort();
    expect(cancelled).toEqual([ticket]);
  });

  it.each<readonly [string, (ticket: Ticket) => void]>([
    ['it has ended', (ticket) => ticket.settle(ACCEPTED)],
    ['the client has ended', (ticket) => ticket.giveUp(DESTROYED)],
  ])('does nothing once %s', (_, end) => {
    const controller = new AbortController();
    const { ticket, cancelled } = createTicket(controller.signal);
    end(ticket);
    controller.abort();
    expect(cancelled).toEqual([]);
  });
});

describe('the end of the client', () => {
  it('rejects what is not known, and nothing else', async () => {
    const { ticket } = createTicket();
    const [stored, accepted] = [ticket.stored, ticket.accepted];
    ticket.giveUp(DESTROYED);
    expect([await settled(stored), await settled(accepted)]).toEqual([{ code: 'destroyed' }, { code: 'destroyed' }]);
    const { ticket: known } = createTicket();
    known.markStored(null);
    known.settle(ACCEPTED);
    known.giveUp(DESTROYED);
    expect(await settled(known.accepted)).toMatchObject({ value: {} });
    expect(await settled(known.stored)).toEqual({ value: undefined });
  });
});

describe('promises that nobody looks at', () => {
  it.each([...ends, null])('never become an unhandled rejection (%#)', (outcome) => {
    const { ticket } = createTicket();
    void ticket.accepted;
    void ticket.stored;
    void ticket.cancel();
    if (outcome === null) ticket.giveUp(DESTROYED);
    else ticket.settle(outcome);
    const { ticket: late } = createTicket();
    late.markStored(new HoldfastError('storage-failed', 'Full.'));
    late.giveUp(DESTROYED);
    void late.stored;
    void late.accepted;
    // afterEach looks.
  });
});

describe('whether anybody asked how it ends', () => {
  it.each<readonly [string, (ticket: Ticket) => unknown, boolean]>([
    ['nothing', () => {}, false],
    ['stored', (ticket) => ticket.stored, false],
    ['accepted', (ticket) => ticket.accepted, true],
    ['state', (ticket) => ticket.state, true],
    ['cancel', (ticket) => ticket.cancel(), true],
  ])('%s', (_, look, awaited) => {
    const { ticket } = createTicket();
    look(ticket);
    expect(ticket.awaited).toBe(awaited);
  });
});
