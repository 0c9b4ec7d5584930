import { describe, expect, it } from 'vitest';
import type { HoldfastError } from '../../../src/errors.ts';
import { outcomeOf } from '../../../src/outbox/outcome.ts';
import { Ticket } from '../../../src/outbox/receipt.ts';
import type { Result } from '../../../src/protocol/frame.ts';

const BASE = { id: 'i1', channel: 'room', event: 'e' };
const ticket = new Ticket({ ...BASE, signal: undefined, report: () => {}, cancel: () => {} });
const of = (result: Result, maybeDuplicate = false) => outcomeOf(ticket, result, 'E', maybeDuplicate);
const errorOf = (result: Result): HoldfastError => {
  const outcome = of(result);
  if (outcome.result !== 'rejected') throw new Error(`it is ${outcome.result}`);
  return outcome.error;
};

describe('what the verdict of the server means', () => {
  it('a place: accepted there', () => {
    const cursor = { epoch: 'E', offset: 7, tag: 't' };
    expect(of([7, 't'])).toEqual({ ...BASE, result: 'accepted', cursor, maybeDuplicate: false });
    expect(of([7, 't'], true)).toEqual({ ...BASE, result: 'accepted', cursor, maybeDuplicate: true });
  });

  it('0: accepted, place forgotten', () => {
    expect(of(0)).toEqual({ ...BASE, result: 'accepted', cursor: null, maybeDuplicate: false });
  });

  it.each(['cancelled', 'expired', 'closed'] as const)('%s: so it ended', (code) => {
    expect(of({ code })).toEqual({ ...BASE, result: code });
  });

  it('unknown: uncertain', () => {
    expect(of({ code: 'unknown' })).toEqual({ ...BASE, result: 'uncertain' });
  });

  it.each([
    ['a code of ours', { code: 'forbidden' }, 'forbidden', undefined],
    ['with a sentence', { code: 'invalid', message: 'Too long.' }, 'invalid', undefined],
    ['a code of the app', { code: 'app', app: 'slow-mode' }, 'app', 'slow-mode'],
    ['a code of ours with one of the app', { code: 'forbidden', app: 'muted' }, 'forbidden', 'muted'],
    ['a code that is not known here', { code: 'from-the-future' }, 'app', 'from-the-future'],
    ['a name of Object', { code: 'constructor' }, 'app', 'constructor'],
  ] as const)('rejected: %s', (_, refusal, code, appCode) => {
    const error = errorOf(refusal);
    expect(error.code).toBe(code);
    expect(error.details.appCode).toBe(appCode);
    expect(error.message).toBe(
      'message' in refusal ? refusal.message : `The server refused a publication to 'room' (${refusal.code}).`,
    );
  });
});
