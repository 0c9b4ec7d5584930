// Holds I6 (docs/guarantees.md).
/** Protocol section 3, "Two connections at once": a change of transport opens the new one before it drops the old one. */
import { describe, expect, it } from 'vitest';
import { askedFrom, createLive, createReader, delivered, entries, entry, kinds, place, wire } from './reader.ts';

describe('which connection feeds', () => {
  it('the old one until the new one has answered, then the new one', () => {
    const reader = createLive(5);
    reader.ask(2);
    expect(delivered(reader.msg(1, entry(6)))).toEqual(['a6']);
    reader.subbed(2, { ok: true, cur: wire(5) });
    expect(reader.sub.feeding).toBe(2);
    expect(reader.msg(1, entry(7))).toEqual([]);
  });

  it('a late answer of a lower gen is ignored while the feeding one is open', () => {
    const reader = createReader();
    reader.ask(1);
    const old = reader.k;
    reader.ask(2);
    reader.subbed(2, { ok: null, cur: wire(5) });
    expect(reader.subbed(1, { k: old, ok: null, cur: wire(9), items: [entry(9)] })).toEqual([]);
    expect(reader.sub).toMatchObject({ feeding: 2, cursor: place(5) });
  });

  it('once the feeding one has ended, the answer of a lower gen counts', () => {
    const reader = createReader();
    reader.ask(1);
    const old = reader.k;
    reader.ask(2);
    reader.subbed(2, { ok: null, cur: wire(5) });
    // An answer is outstanding on 1, so it is not asked again.
    expect(reader.lost(2)).toEqual([]);
    const effects = reader.subbed(1, { k: old, ok: null, cur: wire(9), items: [entry(9)] });
    // It was asked without a cursor, and there is one now: it feeds, and is asked again.
    expect(delivered(effects)).toEqual([]);
    expect(askedFrom(effects)).toEqual({ gen: 1, offset: 5 });
    expect(reader.sub.feeding).toBe(1);
  });

  it('when the feeding one ends none feeds, and the newest open one is asked', () => {
    const reader = createLive(5);
    reader.ask(2);
    reader.subbed(2, { ok: true, cur: wire(5) });
    const effects = reader.lost(2);
    expect(kinds(effects)).toEqual(['sub']);
    expect(askedFrom(effects)).toEqual({ gen: 1, offset: 5 });
    expect(reader.sub.feeding).toBeNull();
    expect(reader.msg(1, entry(6))).toEqual([]);
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(5), items: [entry(6)] }))).toEqual(['a6']);
  });

  it('when the feeding one ends and an answer is outstanding on the newest, it is not asked again', () => {
    const reader = createLive(5);
    reader.ask(2);
    expect(reader.lost(1)).toEqual([]);
    expect(reader.sub.feeding).toBeNull();
    expect(delivered(reader.subbed(2, { ok: true, cur: wire(5), items: [entry(6)] }))).toEqual(['a6']);
  });

  it('one whose answer came late and was ignored owes nothing: it is asked when the feeding one ends', () => {
    const reader = createReader();
    reader.ask(1);
    const old = reader.k;
    reader.ask(2);
    reader.subbed(2, { ok: null, cur: wire(5) });
    reader.subbed(1, { k: old, ok: null, cur: wire(9) });
    expect(askedFrom(reader.lost(2))).toEqual({ gen: 1, offset: 5 });
  });

  it('an older one that ends while the newer feeds changes nothing', () => {
    const reader = createLive(5);
    reader.ask(2);
    reader.subbed(2, { ok: true, cur: wire(5) });
    expect(reader.lost(1)).toEqual([]);
    expect(delivered(reader.msg(2, entry(6)))).toEqual(['a6']);
  });

  it('with no connection left nothing is asked, and the next opening goes on from the cursor', () => {
    const reader = createLive(5);
    expect(reader.lost(1)).toEqual([]);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: 5 });
  });
});

describe('an answer about a cursor that is no longer the present one', () => {
  it.each([
    ['its items', { ok: true, cur: wire(5), items: entries(6, 9) }],
    ['its verdict', { ok: false, why: 'trimmed', cur: wire(20) }],
  ] as const)('makes its connection the feeding one, %s are ignored, and sub is sent again', (_, answer) => {
    const reader = createLive(5);
    reader.ask(2);
    reader.msg(1, entry(6));
    const effects = reader.subbed(2, answer);
    expect(kinds(effects)).toEqual(['sub']);
    expect(askedFrom(effects)).toEqual({ gen: 2, offset: 6 });
    expect(reader.sub).toMatchObject({ feeding: 2, cursor: place(6), hold: null });
    // Until the second answer neither connection delivers.
    expect(reader.msg(2, entry(7))).toEqual([]);
    expect(reader.msg(1, entry(7))).toEqual([]);
    expect(delivered(reader.subbed(2, { ok: true, cur: wire(6), items: [entry(7)] }))).toEqual(['a7']);
  });
});
