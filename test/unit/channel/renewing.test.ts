/** A connection that is made of requests: each one asks again for what is subscribed already. */
import { describe, expect, it } from 'vitest';
import { type Reader, askedFrom, createLive, createReader, delivered, entries, entry, kinds, place, wire } from './reader.ts';

const open = (reader: Reader, gen: number) => reader.do({ type: 'open', gen });
const earOf = (reader: Reader, gen: number) => reader.sub.ears.get(gen)?.state;

function createLiveMode(): Reader {
  const reader = createReader('live');
  reader.ask(1);
  reader.subbed(1, { ok: null, cur: ['', 0, ''] });
  return reader;
}

describe('the next request of a connection', () => {
  it('that feeds: it owes an answer, and still feeds', () => {
    const reader = createLive(5);
    expect(askedFrom(open(reader, 1))).toEqual({ gen: 1, offset: 5 });
    expect([earOf(reader, 1), reader.sub.feeding]).toEqual(['renewing', 1]);
    open(reader, 1);
    expect(earOf(reader, 1)).toBe('renewing');
  });

  it.each<[string, (reader: Reader) => void, number]>([
    ['is new', () => {}, 2],
    ['owes an answer already, for something was amiss', (reader) => reader.msg(1, entry(9)), 1],
    ['does not feed', (reader) => reader.ask(2), 2],
  ])('that %s asks as any other does', (_, before, gen) => {
    const reader = createLive(5);
    before(reader);
    open(reader, gen);
    expect(earOf(reader, gen)).toBe('asking');
  });

  it('begins at the place where this page is by then', () => {
    const reader = createLive(5);
    open(reader, 1);
    reader.subbed(1, { ok: true, cur: wire(5), items: entries(6, 8) });
    expect(askedFrom(open(reader, 1))).toEqual({ gen: 1, offset: 8 });
  });
});

describe('until it is answered', () => {
  it('what the one before still brings is void, for the place is what was asked from', () => {
    const reader = createLive(5);
    open(reader, 1);
    expect(reader.msg(1, entry(6))).toEqual([]);
    expect(reader.skip(1, 9)).toEqual([]);
    expect(reader.gap(1, wire(20))).toEqual([]);
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(5), items: entries(6, 7) }))).toEqual(['a6', 'a7']);
    expect(earOf(reader, 1)).toBe('ready');
    expect(delivered(reader.msg(1, entry(8)))).toEqual(['a8']);
  });

  it('mode `latest` waits too', () => {
    const reader = createReader('latest');
    reader.ask(1);
    reader.subbed(1, { ok: null, cur: wire(5), items: [entry(5)] });
    open(reader, 1);
    expect(reader.msg(1, entry(6))).toEqual([]);
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(5), items: [entry(6)] }))).toEqual(['a6']);
  });

  it('mode `live` delivers, for it has no place and would miss it', () => {
    const reader = createLiveMode();
    open(reader, 1);
    expect(delivered(reader.msg(1, entry(6)))).toEqual(['a6']);
    expect(earOf(reader, 1)).toBe('renewing');
    expect(reader.subbed(1, { ok: null, cur: ['', 0, ''] })).toEqual([]);
    expect(delivered(reader.msg(1, entry(7)))).toEqual(['a7']);
  });

  it('mode `live` delivers nothing of a connection that does not feed', () => {
    const reader = createLiveMode();
    open(reader, 2);
    expect(reader.msg(2, entry(6))).toEqual([]);
  });

  it('the answer to the request before it counts for nothing', () => {
    const reader = createLive(5);
    open(reader, 1);
    const { k } = reader;
    open(reader, 1);
    expect(reader.subbed(1, { k, ok: true, cur: wire(5), items: entries(6, 7) })).toEqual([]);
    expect(reader.sub.cursor).toEqual(place(5));
  });

  it('and the connection ends: the newest other one is asked, unless it owes an answer, also of a renewal', () => {
    const reader = createLive(5);
    reader.ask(2);
    reader.subbed(2, { ok: true, cur: wire(5) });
    open(reader, 2);
    expect(askedFrom(reader.lost(2))).toEqual({ gen: 1, offset: 5 });

    const other = createLive(5);
    other.ask(2);
    open(other, 2);
    expect(other.lost(1)).toEqual([]);
  });

  it('and the app names a place of its own: it is asked again from there, and the answer under way is void', () => {
    const reader = createLive(5);
    reader.gap(1, wire(20));
    open(reader, 1);
    const { k } = reader;
    expect(askedFrom(reader.reloaded(place(15)))).toEqual({ gen: 1, offset: 15 });
    expect(kinds(reader.subbed(1, { k, ok: true, cur: wire(20), items: entries(21, 22) }))).toEqual([]);
    expect(delivered(reader.subbed(1, { ok: true, cur: wire(15), items: [entry(16)] }))).toEqual(['a16']);
  });
});
