/** Protocol section 5: what a `nack` does, `first`, closing holes, and the search for the guilty one of a batch. */
import { describe, expect, it } from 'vitest';
import { accept, add, brief, contents, createLane, nack, take, takeAll } from './lane-support.ts';

describe('a transient refusal', () => {
  it.each(['unavailable', 'rate-limited', 'token-expired', 'something-new'])('%s pauses the lane at its sequence', (code) => {
    const lane = createLane(4);
    takeAll(lane);
    accept(lane, 1, 1);
    expect(lane.refuse(nack(2, code), 'm1')).toBe('pause');
    expect([lane.paused, takeAll(lane)]).toEqual([true, []]);
    lane.resume();
    expect(takeAll(lane)).toEqual(['2×3']);
  });

  it('consumes nothing', () => {
    const lane = createLane(2);
    takeAll(lane);
    lane.refuse(nack(1, 'unavailable'), 'm1');
    lane.resume();
    expect(contents(take(lane)!)).toEqual(['1', '2']);
  });

  it('of one further on than anything answered: the lane goes on from the first unanswered, or that one would wait for ever', () => {
    const lane = createLane(4);
    takeAll(lane);
    // What comes from a copy of an older message may answer for this one.
    expect(lane.refuse(nack(3, 'unavailable'), 'm1')).toBe('pause');
    lane.resume();
    expect(takeAll(lane)).toEqual(['1×4!']);
  });

  it('of copies: with nothing under way any more all that is unanswered goes again', () => {
    const lane = createLane(6);
    takeAll(lane, 'm1', { items: 2 });
    lane.refuse(nack(5, 'unavailable'), 'm1');
    lane.refuse(nack(2, 'unavailable'), 'm1');
    accept(lane, 3, 2);
    lane.resume();
    expect(takeAll(lane)).toEqual(['1×6!']);
  });

  it('that overtakes the word that the lane is unknown does not hide it: the lane would be refused for ever', () => {
    const lane = createLane(6);
    takeAll(lane, 'm1', { items: 2 });
    lane.rewind();
    expect(takeAll(lane, 'm2', { items: 2 })).toEqual(['1×2', '3×2', '5×2']);
    expect(lane.refuse(nack(5, 'rate-limited'), 'm2')).toBe('pause');
    expect(lane.refuse(nack(1, 'unknown-producer'), 'm2')).toBe('doubt');
    expect(lane.refuse(nack(3, 'unknown-producer'), 'm2')).toBe('none');
    lane.resume();
    expect(takeAll(lane, 'm2')).toEqual(['1×6!']);
  });

  it('a paused lane ignores the holes that the server then sees', () => {
    const lane = createLane(4);
    takeAll(lane, 'm1', { items: 2 });
    lane.refuse(nack(1, 'unavailable'), 'm1');
    expect(lane.refuse(nack(3, 'out-of-order', { expected: 1 }), 'm1')).toBe('none');
    expect(lane.paused).toBe(true);
    lane.resume();
    expect(takeAll(lane)).toEqual(['1×4!']);
  });

  it('what answers a batch sent before the rewind is ignored, also after the pause', () => {
    const lane = createLane(4);
    takeAll(lane, 'm1', { items: 2 });
    lane.refuse(nack(1, 'unavailable'), 'm1');
    lane.resume();
    // Nothing goes twice at a time: no answer could be told from the other's.
    expect(takeAll(lane)).toEqual([]);
    expect(lane.refuse(nack(3, 'out-of-order', { expected: 1 }), 'm1')).toBe('none');
    expect(takeAll(lane)).toEqual(['1×4!']);
    expect(accept(lane, 1, 4)).toHaveLength(4);
  });

  it('of a batch that overtakes the answer of an earlier one: the lane goes on from the lowest that was refused', () => {
    const lane = createLane(5);
    takeAll(lane, 'm1', { items: 2 });
    expect(lane.refuse(nack(5, 'rate-limited'), 'm1')).toBe('pause');
    expect(lane.refuse(nack(3, 'out-of-order', { expected: 2 }), 'm1')).toBe('none');
    accept(lane, 1, 1);
    expect(lane.refuse(nack(2, 'unavailable'), 'm1')).toBe('none');
    lane.resume();
    expect(takeAll(lane)).toEqual(['2×4']);
  });

  it('leaves under way what was sent behind it, until that is refused too', () => {
    const lane = createLane(6);
    takeAll(lane, 'm1', { items: 2 });
    const inFlight = [lane.inFlight];
    for (const s of [1, 3, 5]) {
      lane.refuse(nack(s, s === 1 ? 'rate-limited' : 'out-of-order', { expected: 1 }), 'm1');
      inFlight.push(lane.inFlight);
    }
    expect(inFlight).toEqual([6, 4, 2, 0]);
    expect(lane.inFlightBytes).toBe(0);
  });

  it('without anything under way, or of something else, means nothing', () => {
    const lane = createLane(2);
    expect(lane.refuse(nack(1, 'unavailable'), 'm1')).toBe('none');
    takeAll(lane);
    expect(lane.refuse(nack(3, 'unavailable'), 'm1')).toBe('none');
    expect(lane.paused).toBe(false);
    expect(accept(lane, 1, 2)).toHaveLength(2);
  });
});

describe('out-of-order', () => {
  it('rewinds to what the server expects', () => {
    const lane = createLane(5);
    takeAll(lane);
    accept(lane, 1, 4);
    lane.rewind();
    takeAll(lane);
    expect(lane.refuse(nack(4, 'out-of-order', { expected: 2 }), 'm1')).toBe('none');
    expect(contents(take(lane)!)).toEqual(['2', '3', '4', '5']);
  });

  it('rewinds no further on than to what is unanswered, or that would wait for ever', () => {
    const lane = createLane(5);
    takeAll(lane);
    // What comes from a copy of an older message may answer for this one.
    expect(lane.refuse(nack(4, 'out-of-order', { expected: 3 }), 'm1')).toBe('none');
    expect(takeAll(lane)).toEqual(['1×5!']);
  });

  it('below all that is held: tombstones from there, never under `first`', () => {
    const lane = createLane(6);
    takeAll(lane);
    accept(lane, 1, 4);
    lane.forget(1e9, 0);
    lane.rewind();
    takeAll(lane);
    lane.refuse(nack(5, 'out-of-order', { expected: 3 }), 'm1');
    const pub = take(lane)!;
    expect(contents(pub)).toEqual(['3:closed', '4:closed', '5', '6']);
    expect(pub.first).toBeUndefined();
    const answers = lane.answer(3, [{ code: 'closed' }, { code: 'closed' }, [1, 'a'], [2, 'b']], 0);
    expect(answers.map(({ record }) => record.sequence)).toEqual([5, 6]);
  });

  it('far below: as many tombstones at a time as there is room for', () => {
    const lane = createLane(10);
    takeAll(lane);
    accept(lane, 1, 9);
    lane.forget(1e9, 0);
    lane.rewind();
    takeAll(lane);
    lane.refuse(nack(10, 'out-of-order', { expected: 1 }), 'm1');
    expect(takeAll(lane, 'm1', { items: 4 })).toEqual(['1×4', '5×4', '9×2']);
  });

  it.each([
    ['the very sequence that was sent', 3],
    ['a later one', 9],
    ['none', undefined],
  ])('that expects %s makes no sense, and pauses', (_, expected) => {
    const lane = createLane(4);
    takeAll(lane);
    const more = expected === undefined ? {} : { expected };
    expect(lane.refuse(nack(3, 'out-of-order', more), 'm1')).toBe('pause');
  });
});

describe('`first`', () => {
  it('is set while nothing of the lane was ever answered', () => {
    const lane = createLane(3);
    expect(takeAll(lane, 'm1', { items: 1 })).toEqual(['1×1!', '2×1', '3×1']);
    lane.rewind();
    expect(takeAll(lane)).toEqual(['1×3!']);
  });

  it('is not set once something below was answered, nor for what was attempted under another memory', () => {
    const lane = createLane(3);
    takeAll(lane, 'm1');
    lane.rewind();
    expect(takeAll(lane, 'm2')).toEqual(['1×3']);
    accept(lane, 1, 1);
    lane.rewind();
    expect(takeAll(lane, 'm1')).toEqual(['1×3']);
  });

  it('is set again when all before is settled and forgotten: a server that knows no lane has no log either', () => {
    const lane = createLane(2);
    takeAll(lane);
    accept(lane, 1, 2);
    lane.forget(1e9, 0);
    add(lane, 1);
    expect(takeAll(lane)).toEqual(['3×1!']);
  });
});

describe('unknown-producer', () => {
  it('starts the lane at the lowest that is held, retained ones included', () => {
    const lane = createLane(4);
    takeAll(lane, 'm1');
    accept(lane, 1, 2);
    lane.rewind();
    takeAll(lane, 'm2');
    expect(lane.refuse(nack(2, 'unknown-producer'), 'm2')).toBe('doubt');
    expect(takeAll(lane, 'm2')).toEqual(['1×4!']);
  });

  it('is no doubt if all that waits was attempted under the present memory only', () => {
    const lane = createLane(2);
    takeAll(lane, 'm1', { items: 1 });
    accept(lane, 1, 1);
    expect(lane.refuse(nack(2, 'unknown-producer'), 'm1')).toBe('none');
    expect(takeAll(lane, 'm1')).toEqual(['1×2!']);
  });

  it('is no doubt for what was answered', () => {
    const lane = createLane(1);
    takeAll(lane, 'm1');
    accept(lane, 1, 1);
    lane.rewind();
    takeAll(lane, 'm2');
    expect(lane.refuse(nack(1, 'unknown-producer'), 'm2')).toBe('none');
  });

  it('in answer to `first` makes no sense, and pauses: no loop', () => {
    const lane = createLane(1);
    expect(brief(take(lane)!)).toBe('1×1!');
    expect(lane.refuse(nack(1, 'unknown-producer'), 'm1')).toBe('pause');
  });

  it('of each batch under way rewinds once', () => {
    const lane = createLane(4);
    takeAll(lane, 'm1');
    lane.rewind();
    expect(takeAll(lane, 'm2', { items: 2 })).toEqual(['1×2', '3×2']);
    expect(lane.refuse(nack(1, 'unknown-producer'), 'm2')).toBe('doubt');
    expect(lane.refuse(nack(3, 'unknown-producer'), 'm2')).toBe('none');
    expect(takeAll(lane, 'm2')).toEqual(['1×4!']);
    expect(accept(lane, 1, 4)).toHaveLength(4);
  });
});

describe('a batch that ended the connection', () => {
  it('goes one by one afterwards, until all of it is through', () => {
    const lane = createLane(3);
    takeAll(lane);
    expect(lane.accuse()).toBeNull();
    expect(lane.suspect).toBe(true);
    lane.rewind();
    add(lane, 2);
    for (const sequence of [1, 2, 3]) {
      expect(contents(take(lane)!)).toEqual([`${sequence}`]);
      expect(take(lane)).toBeNull();
      accept(lane, sequence, 1);
    }
    expect(lane.suspect).toBe(false);
    expect(contents(take(lane)!)).toEqual(['4', '5']);
  });

  it('one alone is the guilty one', () => {
    const lane = createLane(3);
    takeAll(lane);
    lane.accuse();
    lane.rewind();
    take(lane);
    accept(lane, 1, 1);
    take(lane);
    expect(lane.accuse()?.sequence).toBe(2);
  });

  it('also one that was sent behind a batch that was refused', () => {
    const lane = createLane(3);
    takeAll(lane, 'm1', { items: 2 });
    lane.refuse(nack(1, 'rate-limited'), 'm1');
    expect(lane.accuse()?.sequence).toBe(3);
  });

  it('with nothing under way nobody is', () => {
    const lane = createLane(3);
    expect(lane.accuse()).toBeNull();
    expect(lane.suspect).toBe(false);
  });

  it('a retained one that is shown again is not accused', () => {
    const lane = createLane(1);
    takeAll(lane);
    accept(lane, 1, 1);
    lane.rewind();
    takeAll(lane);
    expect(lane.accuse()).toBeNull();
  });
});
