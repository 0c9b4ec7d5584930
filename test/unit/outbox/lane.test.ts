/** Protocol section 5: numbering, the window, answers. */
import { describe, expect, it } from 'vitest';
import { WINDOW } from '../../../src/outbox/lane.ts';
import { accept, add, contents, createLane, nack, take, takeAll } from './lane-support.ts';

const sequences = (list: readonly { readonly sequence: number }[]): readonly number[] => list.map(({ sequence }) => sequence);

describe('numbering', () => {
  it('begins at 1 and has no holes', () => {
    expect(sequences(add(createLane(), 4))).toEqual([1, 2, 3, 4]);
  });

  it('never uses a number twice, even when everything before is settled and forgotten', () => {
    const lane = createLane(2);
    takeAll(lane);
    accept(lane, 1, 2);
    lane.forget(100_000, 60_000);
    expect(lane.retained).toBe(0);
    expect(sequences(add(lane, 1))).toEqual([3]);
  });
});

describe('what goes', () => {
  it('all that waits, in order, in one frame', () => {
    expect(take(createLane(2))).toEqual({
      t: 'pub',
      c: 'room',
      p: 'producer',
      s: 1,
      items: [
        { id: 'i1', e: 'e', d: 1 },
        { id: 'i2', e: 'e', d: 2 },
      ],
      first: true,
    });
  });

  it('an item without data has no `d`', () => {
    const lane = createLane();
    Object.assign(add(lane, 1)[0]!, { data: undefined });
    expect(take(lane)?.items).toEqual([{ id: 'i1', e: 'e' }]);
  });

  it(`at most ${WINDOW} unanswered`, () => {
    const lane = createLane(WINDOW + 10);
    expect(takeAll(lane)).toEqual([`1×${WINDOW}!`]);
    expect(lane.inFlight).toBe(WINDOW);
    accept(lane, 1, 3);
    // The ack names fewer than the batch, so the batch is still on its way.
    expect(lane.inFlight).toBe(WINDOW - 3);
    expect(takeAll(lane)).toEqual([`${WINDOW + 1}×3`]);
  });

  it.each([
    ['items', { items: 3 }, ['1×3!', '4×3!', '7×1!']],
    ['bytes', { bytes: 25 }, ['1×2!', '3×2!', '5×2!', '7×1!']],
    ['fewer bytes than one item', { bytes: 5 }, ['1×1!', '2×1!', '3×1!', '4×1!', '5×1!', '6×1!', '7×1!']],
  ])('no more than there is room for: %s', (_, room, frames) => {
    const lane = createLane();
    add(lane, 7, 10);
    expect(takeAll(lane, 'm1', room).map((frame) => frame.replace('!', ''))).toEqual(
      frames.map((frame) => frame.replace('!', '')),
    );
  });

  it('nothing without room, nothing twice, and nothing when nothing waits', () => {
    const lane = createLane(1);
    expect(take(lane, 'm1', { items: 0 })).toBeNull();
    expect(take(lane)).not.toBeNull();
    expect(take(lane)).toBeNull();
    expect(take(createLane())).toBeNull();
  });

  it('marks what it carries with the first memory it was attempted under', () => {
    const lane = createLane(1);
    takeAll(lane, 'm1');
    lane.rewind();
    takeAll(lane, 'm2');
    expect(lane.pending()[0]).toMatchObject({ attempted: 'm1' });
  });

  it('counts the bytes under way', () => {
    const lane = createLane();
    add(lane, 3, 10);
    takeAll(lane);
    expect(lane.inFlightBytes).toBe(30);
    accept(lane, 1, 3);
    expect(lane.inFlightBytes).toBe(0);
    add(lane, 1, 10);
    takeAll(lane);
    lane.rewind();
    expect(lane.inFlightBytes).toBe(0);
  });
});

describe('an answer', () => {
  it('settles in order, each record once', () => {
    const lane = createLane(3);
    takeAll(lane);
    const answers = accept(lane, 1, 3, 7);
    expect(answers.map(({ record, again }) => [record.sequence, record.answeredAt, again])).toEqual([
      [1, 7, false],
      [2, 7, false],
      [3, 7, false],
    ]);
    expect([lane.waiting, lane.retained]).toEqual([0, 3]);
  });

  it('for part of a batch leaves the rest waiting', () => {
    const lane = createLane(3);
    takeAll(lane);
    expect(accept(lane, 1, 2)).toHaveLength(2);
    expect(sequences(lane.pending())).toEqual([3]);
  });

  it.each([
    ['nothing was sent', 0, 1],
    ['a sequence that no batch began with', 3, 2],
    ['a sequence that was never sent', 3, 9],
  ])('to what was not asked counts for nothing: %s', (_, sent, sequence) => {
    const lane = createLane(3);
    if (sent > 0) takeAll(lane);
    expect(accept(lane, sequence, 1)).toEqual([]);
    expect(lane.waiting).toBe(3);
  });

  it('longer than its batch settles no more than the batch', () => {
    const lane = createLane(3);
    take(lane, 'm1', { items: 2 });
    expect(accept(lane, 1, 3)).toHaveLength(2);
    expect(sequences(lane.pending())).toEqual([3]);
  });

  it('that comes twice counts once', () => {
    const lane = createLane(2);
    takeAll(lane);
    accept(lane, 1, 2);
    expect(accept(lane, 1, 2)).toEqual([]);
  });

  it('answers come in the order in which batches were sent', () => {
    const lane = createLane(4);
    takeAll(lane, 'm1', { items: 2 });
    expect(accept(lane, 3, 2)).toEqual([]);
    expect(accept(lane, 1, 2)).toHaveLength(2);
    expect(accept(lane, 3, 2)).toHaveLength(2);
  });

  it('out of turn counts for nothing: what stands before it is not answered', () => {
    const lane = createLane(4);
    takeAll(lane, 'm1', { items: 2 });
    accept(lane, 1, 1);
    lane.refuse(nack(2, 'unavailable'), 'm1');
    expect(accept(lane, 3, 2)).toEqual([]);
    expect(sequences(lane.pending())).toEqual([2, 3, 4]);
  });

  it('a permanent refusal consumes its sequence; what goes in its place from then on is a tombstone', () => {
    const lane = createLane(2);
    takeAll(lane);
    lane.answer(1, [{ code: 'forbidden' }, [1, 't1']], 0);
    expect([lane.waiting, lane.retained]).toEqual([0, 2]);
    add(lane, 1);
    expect(takeAll(lane)).toEqual(['3×1']);
    // The store lost it all: the refused one must not be judged anew and get in.
    lane.refuse(nack(3, 'unknown-producer'), 'm1');
    expect(contents(take(lane)!)).toEqual(['1:closed', '2', '3']);
  });

  it('accepted although cancelled: the item is what is kept for repair', () => {
    const lane = createLane(1);
    takeAll(lane);
    lane.pending()[0]!.tombstone = 'cancelled';
    const [answer] = accept(lane, 1, 1);
    expect(answer!.record.tombstone).toBeNull();
  });

  it.each(['cancelled', 'expired'] as const)(
    '%s here, and closed by another page: it ends as whoever sent it is told',
    (kind) => {
      const lane = createLane(2);
      takeAll(lane);
      lane.pending()[0]!.tombstone = kind;
      const answers = lane.answer(1, [{ code: 'closed' }, { code: 'closed' }], 0);
      expect(answers.map(({ result }) => result)).toEqual([{ code: 'closed' }, { code: 'closed' }]);
    },
  );

  it('a conflict over what was withdrawn is its end: there is nothing to publish anew', () => {
    const lane = createLane(2);
    takeAll(lane);
    lane.pending()[0]!.tombstone = 'cancelled';
    const answers = lane.answer(1, [{ code: 'conflict' }, { code: 'conflict' }], 0);
    expect(answers.map(({ result }) => result)).toEqual([{ code: 'cancelled' }, { code: 'conflict' }]);
  });

  it('"unknown" of a record that is known to be accepted does not turn it into a tombstone', () => {
    const lane = createLane(1);
    takeAll(lane);
    accept(lane, 1, 1);
    lane.rewind();
    takeAll(lane);
    const [answer] = lane.answer(1, [{ code: 'unknown' }], 0);
    expect(answer).toMatchObject({ again: true, record: { tombstone: null } });
  });
});
