import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Keep, Past, Span } from '../../server/brokers/broker.ts';
import type { Entry, WireCursor } from '../../src/protocol/frame.ts';
import { brokerKit, DAY, KEEP, type MakeBroker, MINUTE, PAGE } from './broker-kit.ts';

/** Pages of the past, from the newest entry that is asked for downwards. */
export function historyContract(make: MakeBroker): void {
  describe('history', () => {
    const kit = brokerKit(make);
    const history = (span: Span, limit = PAGE, keep: Keep = KEEP): Promise<Past> => kit.broker.history('c', span, limit, keep);
    /** @returns the cursor at an offset of the log as it is now */
    const places = async (): Promise<(offset: number) => WireCursor> => {
      const [epoch] = await kit.top();
      const tags = new Map((await kit.all()).map(({ o, g }) => [o, g]));
      return (offset) => [epoch, offset, tags.get(offset) ?? ''];
    };
    const offsets = (past: Past): number[] | string => (past.ok ? past.entries.map(({ o }) => o) : past.why);

    it('makes no log of a name that was only asked for', async () => {
      expect(await history({})).toEqual({ ok: true, epoch: '', entries: [], older: null, trimmed: false });
      expect(await history({ from: ['e', 0, ''] })).toEqual({ ok: false, place: 'from', why: 'epoch' });
      expect(await history({ from: ['e', 1, ''], to: ['e', 1, ''] })).toEqual({ ok: false, place: 'to', why: 'epoch' });
    });

    it('is empty for an empty log', async () => {
      const top = await kit.top();
      const empty = { ok: true, epoch: top[0], entries: [], older: null, trimmed: false };
      expect(await history({})).toEqual(empty);
      expect(await history({ from: top, to: top })).toEqual(empty);
    });

    it.each<
      readonly [what: string, from: number | null, to: number | null, n: number, got: readonly number[], older: number | null]
    >([
      ['all', null, null, 10, [1, 2, 3, 4, 5, 6], null],
      ['the newest', null, null, 2, [5, 6], 4],
      ['as many as there are', null, null, 6, [1, 2, 3, 4, 5, 6], null],
      ['up to a place', null, 4, 2, [3, 4], 2],
      ['from a place', 3, null, 10, [3, 4, 5, 6], null],
      ['between two', 2, 5, 2, [4, 5], 3],
      ['between two, all of it', 2, 5, 4, [2, 3, 4, 5], null],
      ['one', 4, 4, 10, [4], null],
      ['none, for the ends are the wrong way round', 5, 4, 10, [], null],
      ['from before the first', 0, null, 10, [1, 2, 3, 4, 5, 6], null],
      ['up to before the first', null, 0, 10, [], null],
      ['the top', 6, 6, 10, [6], null],
    ])('reads %s', async (_what, from, to, entries, got, older) => {
      await kit.put(6);
      const at = await places();
      const span = { ...(from !== null && { from: at(from) }), ...(to !== null && { to: at(to) }) };
      const past = await history(span, { ...PAGE, entries });
      const all = await kit.all();
      expect(past).toEqual({
        ok: true,
        epoch: at(1)[0],
        entries: got.map((o) => all[o - 1]),
        older: older === null ? null : [older, at(older)[2]],
        trimmed: false,
      });
    });

    describe.each(['from', 'to'] as const)('%s', (place) => {
      it.each([
        ['epoch', (epoch: string, tag: string): WireCursor => [`${epoch}x`, 2, tag]],
        ['ahead', (epoch: string, tag: string): WireCursor => [epoch, 5, tag]],
        ['branch', (epoch: string): WireCursor => [epoch, 2, 'other']],
        ['branch', (epoch: string): WireCursor => [epoch, 4, 'other']],
        ['branch', (epoch: string): WireCursor => [epoch, 0, 'other']],
      ])('is no place of the log: %s', async (why, cursorOf) => {
        await kit.put(4);
        const at = await places();
        expect(await history({ [place]: cursorOf(...([at(2)[0], at(2)[2]] as const)) })).toEqual({ ok: false, place, why });
      });
    });

    it('tells that older ones are gone, by number', async () => {
      const keep = { entries: 4, age: DAY };
      await kit.put(10);
      const at = await places();
      await kit.put(1, keep);
      const read = (span: Span): Promise<Past> => history(span, PAGE, keep);
      expect([offsets(await read({})), (await read({})).ok]).toEqual([[7, 8, 9, 10, 11], true]);
      expect(await read({})).toMatchObject({ older: null, trimmed: true });
      expect(await read({ from: at(2) })).toMatchObject({
        entries: [{ o: 7 }, {}, {}, {}, { o: 11 }],
        older: null,
        trimmed: true,
      });
      expect(await read({ from: at(7) })).toMatchObject({ entries: [{ o: 7 }, {}, {}, {}, {}], trimmed: false });
      expect(await read({ from: at(9) })).toMatchObject({ entries: [{ o: 9 }, {}, {}], trimmed: false });
      // What was asked for is gone, all of it.
      expect(await read({ to: at(5) })).toMatchObject({ entries: [], older: null, trimmed: true });
      expect(await read({ from: at(2), to: at(5) })).toMatchObject({ entries: [], older: null, trimmed: true });
      // Nothing was asked for.
      expect(await read({ from: at(5), to: at(2) })).toMatchObject({ entries: [], older: null, trimmed: false });
      // A page that does not reach down to what is gone tells it too: it is part of what was asked for.
      expect(await history({}, { ...PAGE, entries: 2 }, keep)).toMatchObject({ older: [9, at(9)[2]], trimmed: true });
    });

    it('tells that older ones are gone, by age; the top still stands', async () => {
      const keep = { entries: 100, age: MINUTE };
      await kit.put(3, keep);
      const top = await kit.top();
      await kit.advance(MINUTE + 1);
      const gone = { ok: true, epoch: top[0], entries: [], older: null, trimmed: true };
      expect(await history({}, PAGE, keep)).toEqual(gone);
      expect(await history({ from: top, to: top }, PAGE, keep)).toEqual(gone);
      await kit.put(1, keep);
      expect(await history({}, PAGE, keep)).toMatchObject({ entries: [{ o: 4 }], older: null, trimmed: true });
    });

    it('is over with the log, and with all that is known of it', async () => {
      const keep = { entries: 100, age: MINUTE };
      await kit.put(1, keep);
      const top = await kit.top();
      await kit.advance(MINUTE + 2 * DAY);
      expect(await history({ to: top }, PAGE, keep)).toEqual({ ok: false, place: 'to', why: 'epoch' });
      expect(await history({}, PAGE, keep)).toEqual({ ok: true, epoch: '', entries: [], older: null, trimmed: false });
    });

    it('bounds a page by bytes, but never makes it empty', async () => {
      for (let i = 0; i < 4; i += 1) {
        await kit.broker.publish('c', { id: `i${i}`, e: 'message', d: 'x'.repeat(5000) }, null, KEEP);
      }
      const at = await places();
      const read = (span: Span, bytes: number): Promise<Past> => history(span, { entries: 10, bytes });
      expect(await read({}, 1)).toMatchObject({ entries: [{ o: 4 }], older: [3, at(3)[2]] });
      expect(await read({ to: at(3) }, 12_000)).toMatchObject({ entries: [{ o: 2 }, { o: 3 }], older: [1, at(1)[2]] });
      expect(await read({ from: at(2), to: at(3) }, 12_000)).toMatchObject({ entries: [{ o: 2 }, { o: 3 }], older: null });
    });

    it('gives all of a span, each once, page by page', async () => {
      await kit.put(40);
      const at = await places();
      const all = await kit.all();
      const place = fc.nat(40);
      await fc.assert(
        fc.asyncProperty(place, place, fc.integer({ min: 1, max: 12 }), async (a, b, entries) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const got: Entry[] = [];
          for (let next: WireCursor | null = at(to); next !== null;) {
            const past = await history({ from: at(from), to: next }, { ...PAGE, entries });
            if (!past.ok) throw new Error(past.why);
            got.unshift(...past.entries);
            next = past.older === null ? null : [past.epoch, ...past.older];
          }
          expect(got).toEqual(all.slice(Math.max(0, from - 1), to));
        }),
        { numRuns: 30 },
      );
    });
  });
}
