/** Protocol section 5: what goes again after a reconnect or a `recheck`, and what is retained for it. */
import { describe, expect, it } from 'vitest';
import { accept, accepted, add, brief, createLane, nack, take, takeAll } from './lane-support.ts';

describe('a new connection', () => {
  it('what is unanswered goes again, under the same sequences', () => {
    const lane = createLane(3);
    takeAll(lane);
    lane.rewind();
    expect(takeAll(lane)).toEqual(['1×3!']);
  });

  it('after the newest answered one, whose answer shows a loss of the store', () => {
    const lane = createLane(5);
    takeAll(lane);
    accept(lane, 1, 2);
    lane.rewind();
    expect(takeAll(lane)).toEqual(['2×4']);
    expect(accept(lane, 2, 4).map(({ again }) => again)).toEqual([true, false, false, false]);
  });

  it('with nothing waiting the newest answered one goes alone', () => {
    const lane = createLane(2);
    takeAll(lane);
    accept(lane, 1, 2);
    lane.rewind();
    expect(takeAll(lane)).toEqual(['2×1']);
  });

  it('with nothing to show nothing goes', () => {
    const lane = createLane();
    lane.rewind();
    expect(takeAll(lane)).toEqual([]);
  });

  it('an answer that was meant for the old one counts for nothing', () => {
    const lane = createLane(3);
    takeAll(lane);
    lane.rewind();
    expect(accept(lane, 1, 3)).toEqual([]);
  });

  it('ends a pause', () => {
    const lane = createLane(1);
    takeAll(lane);
    lane.refuse(nack(1, 'unavailable'), 'm1');
    lane.rewind();
    expect(lane.paused).toBe(false);
    expect(takeAll(lane)).toEqual(['1×1!']);
  });
});

describe('recheck, on the same connection', () => {
  it('shows the newest answered one again, and what is under way with it', () => {
    const lane = createLane(2);
    takeAll(lane);
    accept(lane, 1, 2);
    add(lane, 1);
    lane.recheck();
    expect(takeAll(lane)).toEqual(['2×2']);
  });

  it('answers to what was sent before it still count, and the repeats settle nothing twice', () => {
    const lane = createLane(3);
    take(lane, 'm1', { items: 2 });
    accept(lane, 1, 2);
    take(lane);
    lane.recheck();
    // Two batches with sequence 3 under way, and no answer could be told from the other's.
    expect(takeAll(lane)).toEqual([]);
    expect(accept(lane, 3, 1).map(({ again }) => again)).toEqual([false]);
    expect(takeAll(lane)).toEqual(['2×2']);
    expect(accept(lane, 2, 2).map(({ again }) => again)).toEqual([true, true]);
    expect(lane.inFlightBytes).toBe(0);
  });

  it('a nack of what was sent before it moves nothing', () => {
    const lane = createLane(3);
    takeAll(lane);
    lane.recheck();
    expect(lane.refuse(nack(1, 'unavailable'), 'm1')).toBe('none');
    expect(lane.paused).toBe(false);
    expect(brief(take(lane)!)).toBe('1×3!');
  });
});

describe('where another page may have sent what this one holds', () => {
  it.each(['rewind', 'recheck'] as const)('%s shows all that is retained', (act) => {
    const lane = createLane(5);
    takeAll(lane);
    accept(lane, 1, 5);
    lane.shows = 'all';
    lane[act]();
    expect(takeAll(lane)).toEqual(['1×5']);
  });

  it('what is shown is under way too: 64 at a time', () => {
    const lane = createLane();
    for (let sequence = 1; sequence <= 100; sequence += 1) {
      add(lane, 1);
      takeAll(lane);
      accept(lane, sequence, 1);
    }
    lane.shows = 'all';
    lane.rewind();
    expect(takeAll(lane, 'm1', { items: 40 })).toEqual(['1×40', '41×24']);
    accept(lane, 1, 40);
    expect(takeAll(lane)).toEqual(['65×36']);
  });

  it('that the server refuses the newest now says nothing of the others', () => {
    const lane = createLane(3);
    takeAll(lane);
    accept(lane, 1, 3);
    lane.rewind();
    takeAll(lane);
    lane.answer(3, [{ code: 'forbidden' }], 0);
    expect([lane.shows, takeAll(lane)]).toEqual(['newest', []]);
  });

  it('all is shown once the newest is gone, also if a recheck or another connection comes before it went', () => {
    for (const act of ['rewind', 'recheck'] as const) {
      const lane = createLane(3);
      takeAll(lane);
      accept(lane, 1, 3);
      lane.rewind();
      expect(takeAll(lane)).toEqual(['3×1']);
      lane.answer(3, [{ code: 'before-start' }], 0);
      lane[act]();
      expect(takeAll(lane)).toEqual(['1×3']);
    }
  });
});

describe('retention', () => {
  it('forgets after its time, oldest first', () => {
    const lane = createLane(2);
    takeAll(lane, 'm1', { items: 1 });
    accept(lane, 1, 1, 1000);
    accept(lane, 2, 1, 2000);
    lane.forget(61_000, 60_000);
    expect(lane.retained).toBe(1);
    lane.forget(61_999, 60_000);
    expect(lane.retained).toBe(1);
    lane.forget(62_000, 60_000);
    expect(lane.retained).toBe(0);
  });

  it('renewed, it begins again for all that is retained', () => {
    const lane = createLane(3);
    takeAll(lane);
    accept(lane, 1, 2, 1000);
    lane.renew(50_000);
    lane.forget(109_999, 60_000);
    expect([lane.retained, lane.waiting]).toEqual([2, 1]);
    lane.forget(110_000, 60_000);
    expect([lane.retained, lane.waiting]).toEqual([0, 1]);
  });

  it('keeps at most 256', () => {
    const lane = createLane();
    for (let round = 0; round < 300; round += 1) {
      const [record] = add(lane, 1);
      takeAll(lane);
      accept(lane, record!.sequence, 1);
    }
    expect(lane.retained).toBe(256);
  });

  it('forgets none that waits', () => {
    const lane = createLane(2);
    lane.forget(1e9, 0);
    expect(lane.waiting).toBe(2);
  });

  it('keeps all while the newest is shown again, until the answer is there, however long that takes', () => {
    const lane = createLane(3);
    takeAll(lane);
    accept(lane, 1, 3);
    lane.recheck();
    // It may be lost together with those before it.
    lane.forget(1e9, 60_000);
    expect(lane.retained).toBe(3);
    expect(takeAll(lane)).toEqual(['3×1']);
    lane.forget(1e9, 60_000);
    expect(lane.retained).toBe(3);
    lane.refuse(nack(3, 'unavailable'), 'm1');
    lane.forget(1e9, 60_000);
    expect(lane.retained).toBe(3);
    lane.resume();
    takeAll(lane);
    accept(lane, 3, 1);
    lane.forget(1e9, 60_000);
    expect(lane.retained).toBe(0);
  });

  it('keeps one that is on its way again', () => {
    const lane = createLane(3);
    takeAll(lane);
    accept(lane, 1, 3);
    lane.rewind();
    lane.forget(1e9, 0);
    expect(takeAll(lane)).toEqual(['3×1']);
    expect(lane.answer(3, accepted(3, 1), 0)).toHaveLength(1);
  });
});
