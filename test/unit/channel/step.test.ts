import { describe, expect, it } from 'vitest';
import { type Reader, askedFrom, createLive, createReader, delivered, entries, entry, kinds, place, wire } from './reader.ts';

const tags = (from: number, to: number, branch = 'a'): readonly string[] => entries(from, to, branch).map(({ g }) => g);

describe('a first subscription', () => {
  it('asks without a cursor', () => {
    expect(createReader().ask(1)).toEqual([{ type: 'sub', gen: 1, k: 1, cursor: null }]);
  });

  it('takes the fresh place, and delivers the past that leads up to it', () => {
    const reader = createReader();
    reader.ask(1);
    expect(delivered(reader.subbed(1, { ok: null, cur: wire(5), items: entries(4, 5) }))).toEqual(['a4', 'a5']);
    expect(reader.sub.cursor).toEqual(place(5));
    expect(delivered(reader.msg(1, entry(6)))).toEqual(['a6']);
  });

  it('tells every delivery where it stands', () => {
    const [effect] = createLive(2).msg(1, entry(3));
    expect(effect).toMatchObject({ type: 'deliver', entries: [{ entry: entry(3), cursor: place(3) }] });
  });
});

describe('entries of the feeding connection', () => {
  it('o = last + 1 is applied, and the cursor has moved when the delivery is handed out', () => {
    const reader = createLive(5);
    expect(delivered(reader.msg(1, entry(6), entry(7)))).toEqual(['a6', 'a7']);
    expect(reader.sub.cursor).toEqual(place(7));
  });

  it('a duplicate is dropped', () => {
    const reader = createLive(5);
    expect(reader.msg(1, entry(4), entry(5))).toEqual([]);
    expect(delivered(reader.msg(1, entry(5), entry(6)))).toEqual(['a6']);
  });

  it('a hole leads to exactly one resync, from the last place', () => {
    const reader = createLive(5);
    const effects = reader.msg(1, entry(6), entry(8), entry(10));
    expect(kinds(effects)).toEqual(['deliver', 'sub']);
    expect(delivered(effects)).toEqual(['a6']);
    expect(askedFrom(effects)).toEqual({ gen: 1, offset: 6 });
    expect(reader.msg(1, entry(11))).toEqual([]);
  });

  it('frames of a channel are ignored while an answer is owed', () => {
    const reader = createLive(5);
    reader.msg(1, entry(7));
    expect(reader.msg(1, entry(6))).toEqual([]);
    expect(reader.skip(1, 9)).toEqual([]);
    expect(reader.gap(1, wire(20))).toEqual([]);
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(5), items: entries(6, 7) }))).toEqual(['a6', 'a7']);
  });

  it('skip moves the cursor, forwards only', () => {
    const reader = createLive(5);
    expect(reader.skip(1, 8)).toEqual([]);
    expect(reader.sub.cursor).toEqual(place(8));
    reader.skip(1, 6);
    expect(reader.sub.cursor).toEqual(place(8));
    expect(delivered(reader.msg(1, entry(9)))).toEqual(['a9']);
  });

  it('those of a connection that does not feed count for nothing', () => {
    const reader = createLive(5);
    reader.ask(2);
    expect(reader.msg(2, entry(6))).toEqual([]);
    expect(reader.msg(3, entry(6))).toEqual([]);
    expect(reader.skip(2, 9)).toEqual([]);
    expect(reader.gap(2, wire(1, 'b'))).toEqual([]);
    expect(reader.sub.cursor).toEqual(place(5));
  });
});

describe('an answer', () => {
  it('to a cursor: its items follow it', () => {
    const reader = createLive(5);
    reader.lost(1);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: 5 });
    expect(delivered(reader.subbed(2, { ok: true, cur: wire(5), items: entries(6, 8) }))).toEqual(tags(6, 8));
  });

  it('with nothing new changes nothing and calls nobody', () => {
    const reader = createLive(5);
    reader.lost(1);
    reader.ask(2);
    expect(reader.subbed(2, { ok: true, cur: wire(5) })).toEqual([]);
    expect(reader.sub.cursor).toEqual(place(5));
  });

  it('`to` moves the cursor beyond the last item', () => {
    const reader = createLive(5);
    reader.lost(1);
    reader.ask(2);
    reader.subbed(2, { ok: true, cur: wire(5), items: [entry(6)], to: [9, 'a9'] });
    expect(reader.sub.cursor).toEqual(place(9));
  });

  it('`to` does not jump over a hole', () => {
    const reader = createLive(5);
    reader.lost(1);
    reader.ask(2);
    const effects = reader.subbed(2, { ok: true, cur: wire(5), items: [entry(6), entry(8)], to: [9, 'a9'] });
    expect(delivered(effects)).toEqual(['a6']);
    expect(askedFrom(effects)).toEqual({ gen: 2, offset: 6 });
    expect(reader.sub.cursor).toEqual(place(6));
  });

  it('counts only if its k is the last sent on that connection', () => {
    const reader = createReader();
    reader.ask(1);
    const first = reader.k;
    reader.ask(1);
    expect(reader.subbed(1, { k: first, ok: null, cur: wire(9), items: [entry(9)] })).toEqual([]);
    expect(reader.sub.feeding).toBeNull();
    expect(delivered(reader.subbed(1, { ok: null, cur: wire(5), items: [entry(5)] }))).toEqual(['a5']);
  });

  it('of another connection with that k counts for nothing', () => {
    const reader = createReader();
    reader.ask(1);
    expect(reader.subbed(2, { ok: null, cur: wire(9), items: [entry(9)] })).toEqual([]);
    expect(reader.sub.cursor).toBeNull();
  });

  it('that comes twice counts once', () => {
    const reader = createLive(5);
    reader.msg(1, entry(6));
    expect(reader.subbed(1, { ok: false, why: 'epoch', cur: wire(9, 'b') })).toEqual([]);
    expect(reader.sub.cursor).toEqual(place(6));
  });

  describe('from a hostile server', () => {
    const reconnected = (): Reader => {
      const reader = createLive(5);
      reader.lost(1);
      reader.ask(2);
      return reader;
    };

    it('"true" to a sub without a cursor is taken as fresh', () => {
      const reader = createReader();
      reader.ask(1);
      expect(delivered(reader.subbed(1, { ok: true, cur: wire(5), items: [entry(5)] }))).toEqual(['a5']);
      expect(reader.sub.cursor).toEqual(place(5));
    });

    it('"fresh" in answer to a cursor is a reset, not a silent jump', () => {
      const effects = reconnected().subbed(2, { ok: null, cur: wire(9), items: entries(6, 9) });
      expect(effects).toEqual([{ type: 'reset', why: 'epoch', cursor: place(9) }]);
    });

    it('"false" to a sub without a cursor is a reset, like any other', () => {
      const reader = createReader();
      reader.ask(1);
      expect(kinds(reader.subbed(1, { ok: false, cur: wire(9) }))).toEqual(['reset']);
    });

    it('items at or below the cursor are not delivered again', () => {
      expect(delivered(reconnected().subbed(2, { ok: true, cur: wire(5), items: entries(1, 6) }))).toEqual(['a6']);
    });

    it('an item out of line is asked for again, not applied', () => {
      const effects = reconnected().subbed(2, { ok: true, cur: wire(5), items: [entry(9)] });
      expect(delivered(effects)).toEqual([]);
      expect(askedFrom(effects)).toEqual({ gen: 2, offset: 5 });
    });
  });
});
