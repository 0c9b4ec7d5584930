/** Protocol section 4, "Modes": `latest` and `live`. */
import { describe, expect, it } from 'vitest';
import { type Reader, askedFrom, createReader, delivered, entries, entry, place, wire } from './reader.ts';

const createLatest = (offset: number): Reader => {
  const reader = createReader('latest');
  reader.ask(1);
  reader.subbed(1, { ok: null, cur: wire(offset) });
  return reader;
};

describe('latest', () => {
  it('begins with the newest, and only that', () => {
    const reader = createReader('latest');
    reader.ask(1);
    expect(delivered(reader.subbed(1, { ok: null, cur: wire(5), items: entries(3, 5) }))).toEqual(['a5']);
    expect(reader.sub.cursor).toEqual(place(5));
  });

  it('an entry above the cursor is applied, whatever lies between', () => {
    const reader = createLatest(5);
    expect(delivered(reader.msg(1, entry(9)))).toEqual(['a9']);
    expect(delivered(reader.msg(1, entry(10), entry(12)))).toEqual(['a12']);
    expect(reader.sub.cursor).toEqual(place(12));
  });

  it('the one at the cursor is dropped', () => {
    expect(createLatest(5).msg(1, entry(5))).toEqual([]);
  });

  it.each([
    ['at the cursor', 5],
    ['below it', 3],
  ])('one %s with another tag causes sub again', (_, offset) => {
    const reader = createLatest(5);
    expect(askedFrom(reader.msg(1, entry(offset, 'b')))).toEqual({ gen: 1, offset: 5 });
    expect(reader.msg(1, entry(6, 'b'))).toEqual([]);
  });

  it('after a reconnect it is told only of what is new', () => {
    const reader = createLatest(5);
    reader.lost(1);
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: 5 });
    expect(reader.subbed(2, { ok: true, cur: wire(5) })).toEqual([]);
    expect(delivered(reader.msg(2, entry(6)))).toEqual(['a6']);
  });

  it('an answer that repeats the entry at the cursor delivers nothing', () => {
    const reader = createLatest(5);
    reader.lost(1);
    reader.ask(2);
    expect(reader.subbed(2, { ok: true, cur: wire(5), items: [entry(5)] })).toEqual([]);
  });

  it('"true" to a sub without a cursor is taken as fresh', () => {
    const reader = createReader('latest');
    reader.ask(1);
    expect(reader.subbed(1, { ok: true, cur: wire(5) })).toEqual([]);
    expect(reader.sub.cursor).toEqual(place(5));
    expect(delivered(reader.msg(1, entry(6)))).toEqual(['a6']);
  });

  it('after ok: false the newest is applied whatever its offset, without a reset', () => {
    const reader = createLatest(5);
    reader.lost(1);
    reader.ask(2);
    const effects = reader.subbed(2, { ok: false, why: 'epoch', cur: wire(2, 'b', 'F'), items: [entry(2, 'b')] });
    expect(effects).toMatchObject([{ type: 'deliver' }]);
    expect(delivered(effects)).toEqual(['b2']);
    expect(reader.sub.cursor).toEqual(place(2, 'b', 'F'));
  });

  it('after gap the newest is applied whatever its offset, without a reset', () => {
    const reader = createLatest(5);
    expect(reader.gap(1, wire(2, 'b', 'F'), 'epoch')).toEqual([]);
    expect(delivered(reader.msg(1, entry(2, 'b')))).toEqual(['b2']);
    expect(reader.sub.cursor).toEqual(place(2, 'b', 'F'));
  });

  it('a connection lost between gap and the newest still gets it', () => {
    const reader = createLatest(5);
    reader.gap(1, wire(2, 'b', 'F'), 'epoch');
    reader.lost(1);
    reader.ask(2);
    expect(delivered(reader.subbed(2, { ok: true, cur: wire(0, 'b', 'F'), items: [entry(2, 'b')] }))).toEqual(['b2']);
  });
});

describe('live', () => {
  const createLive = (): Reader => {
    const reader = createReader('live');
    reader.ask(1);
    reader.subbed(1, { ok: null, cur: ['', 0, ''] });
    return reader;
  };

  it('has no cursor: never sent, never kept', () => {
    const reader = createLive();
    reader.msg(1, entry(5));
    expect(reader.sub.cursor).toBeNull();
    expect(askedFrom(reader.ask(2))).toEqual({ gen: 2, offset: null });
  });

  it('delivers what comes, whatever its offset', () => {
    const reader = createLive();
    expect(delivered(reader.msg(1, entry(9), entry(4)))).toEqual(['a9', 'a4']);
    expect(delivered(reader.msg(1, entry(20)))).toEqual(['a20']);
  });

  it('never resets', () => {
    const reader = createLive();
    expect(reader.gap(1, wire(2, 'b'))).toEqual([]);
    expect(delivered(reader.msg(1, entry(3)))).toEqual(['a3']);
  });

  it('is fed by the connection that answered last', () => {
    const reader = createLive();
    reader.ask(2);
    reader.subbed(2, { ok: null, cur: ['', 0, ''] });
    expect(reader.msg(1, entry(1))).toEqual([]);
    expect(delivered(reader.msg(2, entry(1)))).toEqual(['a1']);
  });
});
