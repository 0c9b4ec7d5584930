// Holds I8 (docs/guarantees.md).
/** Protocol section 4, "Resets". */
import { describe, expect, it } from 'vitest';
import { HOLD_LIMIT } from '../../../src/channel/step.ts';
import { type Reader, askedFrom, createLive, delivered, entries, entry, kinds, place, wire } from './reader.ts';

const reconnected = (): Reader => {
  const reader = createLive(5);
  reader.lost(1);
  reader.ask(2);
  return reader;
};
/** Stands at 5 of branch a, was told to go on from 10 of branch b, and the app is loading. */
const createReset = (): Reader => {
  const reader = createLive(5);
  reader.gap(1, wire(10, 'b'), 'branch');
  return reader;
};

describe('continuity is lost', () => {
  it.each([
    ['gap', () => createLive(5).gap(1, wire(10, 'b'), 'branch')],
    ['ok: false', () => reconnected().subbed(2, { ok: false, why: 'branch', cur: wire(10, 'b') })],
  ])('%s: the app is told first, with the reason and the new place', (_, lose) => {
    expect(lose()).toEqual([{ type: 'reset', why: 'branch', cursor: place(10, 'b') }]);
  });

  it('the items of an answer that lost it are not delivered', () => {
    const effects = reconnected().subbed(2, { ok: false, why: 'trimmed', cur: wire(10), items: entries(9, 10) });
    expect(kinds(effects)).toEqual(['reset']);
  });

  it('without a reason it is the epoch', () => {
    expect(reconnected().subbed(2, { ok: false, cur: wire(0) })).toMatchObject([{ type: 'reset', why: 'epoch' }]);
  });
});

describe('while the app reloads', () => {
  it('messages are held, and released in order when it is done', () => {
    const reader = createReset();
    expect(reader.msg(1, entry(11, 'b'))).toEqual([]);
    expect(reader.msg(1, entry(12, 'b'), entry(13, 'b'))).toEqual([]);
    expect(delivered(reader.reloaded())).toEqual(['b11', 'b12', 'b13']);
    expect(delivered(reader.msg(1, entry(14, 'b')))).toEqual(['b14']);
  });

  it('duplicates are not held, and a hole still leads to a resync', () => {
    const reader = createReset();
    reader.msg(1, entry(11, 'b'));
    expect(reader.msg(1, entry(11, 'b'))).toEqual([]);
    expect(askedFrom(reader.msg(1, entry(13, 'b')))).toEqual({ gen: 1, offset: 11 });
    reader.subbed(1, { ok: true, cur: wire(11, 'b'), items: entries(12, 13, 'b') });
    expect(delivered(reader.reloaded())).toEqual(['b11', 'b12', 'b13']);
  });

  it('a connection may come and go', () => {
    const reader = createReset();
    reader.msg(1, entry(11, 'b'));
    reader.lost(1);
    reader.ask(2);
    expect(reader.subbed(2, { ok: true, cur: wire(11, 'b'), items: [entry(12, 'b')] })).toEqual([]);
    expect(delivered(reader.reloaded())).toEqual(['b11', 'b12']);
  });

  it('with nothing held, its end delivers nothing', () => {
    expect(createReset().reloaded()).toEqual([]);
  });

  it('a skip moves the place without ending it', () => {
    const reader = createReset();
    reader.skip(1, 12, 'b');
    reader.msg(1, entry(13, 'b'));
    expect(delivered(reader.reloaded())).toEqual(['b13']);
  });

  it('an end that nobody waits for means nothing', () => {
    expect(createLive(5).reloaded(place(1))).toEqual([]);
  });
});

describe('a reset during a pending reset', () => {
  const again = (): Reader => {
    const reader = createReset();
    reader.msg(1, entry(11, 'b'));
    expect(reader.gap(1, wire(20, 'c'), 'epoch')).toEqual([]);
    return reader;
  };

  it('empties the hold and moves the cursor at once', () => {
    const reader = again();
    expect(reader.sub.cursor).toEqual(place(20, 'c'));
    expect(reader.sub.hold?.entries).toEqual([]);
  });

  it('is told when the first call is done, once, with the newest place and reason', () => {
    const reader = createReset();
    reader.gap(1, wire(20, 'c'), 'ahead');
    reader.gap(1, wire(30, 'd'), 'trimmed');
    const effects = reader.reloaded(place(15, 'b'));
    expect(effects).toEqual([{ type: 'reset', why: 'trimmed', cursor: place(30, 'd') }]);
    expect(reader.reloaded()).toEqual([]);
    expect(reader.sub.hold).toBeNull();
  });

  it('what came after it stays held until the second call is done', () => {
    const reader = again();
    reader.msg(1, entry(21, 'c'));
    expect(kinds(reader.reloaded())).toEqual(['reset']);
    reader.msg(1, entry(22, 'c'));
    expect(delivered(reader.reloaded())).toEqual(['c21', 'c22']);
  });
});

describe('a cursor that the app returned', () => {
  it('empties the hold, and the subscription goes on from there', () => {
    const reader = createReset();
    reader.msg(1, entry(11, 'b'));
    const effects = reader.reloaded(place(8, 'b'));
    expect(kinds(effects)).toEqual(['sub']);
    expect(askedFrom(effects)).toEqual({ gen: 1, offset: 8 });
    expect(reader.msg(1, entry(12, 'b'))).toEqual([]);
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(8, 'b'), items: entries(9, 12, 'b') }))).toEqual([
      'b9',
      'b10',
      'b11',
      'b12',
    ]);
  });

  it('voids every answer that is outstanding, on each connection', () => {
    const reader = createReset();
    reader.ask(2);
    const stale = reader.k;
    reader.reloaded(place(8, 'b'));
    expect(reader.subbed(2, { k: stale, ok: true, cur: wire(10, 'b'), items: [entry(11, 'b')] })).toEqual([]);
    expect(reader.sub).toMatchObject({ feeding: 1, cursor: place(8, 'b') });
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(8, 'b'), items: [entry(9, 'b')] }))).toEqual(['b9']);
    // The voided one owes nothing: it is asked when it is needed.
    expect(askedFrom(reader.lost(1))).toEqual({ gen: 2, offset: 9 });
  });

  it('without a connection it is where the next opening begins', () => {
    const reader = createReset();
    reader.lost(1);
    expect(reader.reloaded(place(8, 'b'))).toEqual([]);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: 8 });
  });
});

describe('more than is held', () => {
  const overflowed = (): Reader => {
    const reader = createReset();
    reader.msg(1, ...entries(11, 10 + HOLD_LIMIT - 1, 'b'));
    reader.msg(1, ...entries(10 + HOLD_LIMIT, 10 + HOLD_LIMIT + 5, 'b'));
    return reader;
  };
  const last = 10 + HOLD_LIMIT;

  it(`keeps the first ${HOLD_LIMIT}, and asks from the last of them when the app is done`, () => {
    const reader = overflowed();
    expect(reader.msg(1, entry(last + 6, 'b'))).toEqual([]);
    reader.skip(1, last + 9, 'b');
    const effects = reader.reloaded();
    expect(kinds(effects)).toEqual(['deliver', 'sub']);
    expect(delivered(effects)).toHaveLength(HOLD_LIMIT);
    expect(delivered(effects).at(-1)).toBe(`b${last}`);
    expect(askedFrom(effects)).toEqual({ gen: 1, offset: last });
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(last, 'b'), items: entries(last + 1, last + 2, 'b') }))).toEqual([
      `b${last + 1}`,
      `b${last + 2}`,
    ]);
  });

  it('exactly as many as are held is not too many', () => {
    const reader = createReset();
    reader.msg(1, ...entries(11, last, 'b'));
    expect(kinds(reader.reloaded())).toEqual(['deliver']);
  });

  it('a new connection meanwhile asks from the last held, and what it answers is asked for again', () => {
    const reader = overflowed();
    reader.lost(1);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: last });
    reader.subbed(2, { ok: true, cur: wire(last, 'b'), items: [entry(last + 1, 'b')], to: [last + 3, `b${last + 3}`] });
    expect(askedFrom(reader.reloaded())).toEqual({ gen: 2, offset: last });
  });

  it('without a connection nothing is asked', () => {
    const reader = overflowed();
    reader.lost(1);
    expect(kinds(reader.reloaded())).toEqual(['deliver']);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: last });
  });
});

describe('three resets in a row', () => {
  it('without a delivery in between: falling behind, and nothing more is heard until it is asked again', () => {
    const reader = createLive(5);
    expect(kinds(reader.gap(1, wire(10, 'b')))).toEqual(['reset']);
    reader.reloaded();
    expect(kinds(reader.gap(1, wire(20, 'c')))).toEqual(['reset']);
    reader.reloaded();
    expect(kinds(reader.gap(1, wire(30, 'd')))).toEqual(['falling-behind', 'reset']);
    reader.reloaded();
    expect(reader.msg(1, entry(31, 'd'))).toEqual([]);
    expect(askedFrom(reader.ask(1))).toEqual({ gen: 1, offset: 30 });
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(30, 'd'), items: [entry(31, 'd')] }))).toEqual(['d31']);
  });

  it('on one of two connections: when the one asked next ends, the other is asked', () => {
    const reader = createReset();
    reader.ask(2);
    reader.gap(1, wire(20, 'c'));
    reader.gap(1, wire(30, 'd'));
    reader.ask(2);
    expect(askedFrom(reader.lost(2))).toEqual({ gen: 1, offset: 30 });
  });

  it('leads to a rest that neither a named cursor nor the end of another connection cuts short', () => {
    const reader = createReset();
    reader.ask(2);
    reader.gap(1, wire(20, 'c'));
    reader.gap(1, wire(30, 'd'));
    expect(kinds(reader.reloaded())).toEqual(['reset']);
    expect(reader.reloaded(place(25, 'd'))).toEqual([]);
    expect(reader.lost(1)).toEqual([]);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: 25 });
  });

  it('during one reload count as well', () => {
    const reader = createReset();
    reader.gap(1, wire(20, 'c'));
    expect(kinds(reader.gap(1, wire(30, 'd')))).toEqual(['falling-behind']);
    expect(kinds(reader.reloaded())).toEqual(['reset']);
  });

  it('a delivery in between begins the count anew', () => {
    const reader = createLive(5);
    for (let round = 1; round <= 5; round += 1) {
      expect(kinds(reader.gap(1, wire(round * 10, 'b')))).toEqual(['reset']);
      reader.reloaded();
      expect(delivered(reader.msg(1, entry(round * 10 + 1, 'b')))).toHaveLength(1);
    }
  });
});
