import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Append, Appended, Broker, Follower, From, Judged, Keep, Notice, Read, Volatile } from '../../server/brokers/broker.ts';
import type { Entry, Result, WireCursor } from '../../src/protocol/frame.ts';

export interface BrokerUnderTest {
  readonly broker: Broker;
  /** Moves the broker's own clock. */
  advance(ms: number): void;
}

const KEEP: Keep = { entries: 1000, age: 86_400_000 };
const PAGE = { entries: 500, bytes: 524_288 };
const LANE = { user: 'ann', producer: 'p1' };
const MINUTE = 60_000;
const DAY = 86_400_000;

const item = (id: string, d: unknown = null): Judged => ({ item: { id, e: 'message', d } });

/** What every store must do, whatever it is made of: rules R3, R4 and R6, and the borders of a read. */
export function brokerContract(name: string, make: () => BrokerUnderTest | Promise<BrokerUnderTest>): void {
  describe(`broker: ${name}`, () => {
    let broker: Broker;
    let advance: (ms: number) => void;

    beforeEach(async () => {
      ({ broker, advance } = await make());
    });
    afterEach(() => broker.close());

    const append = (sequence: number, items: readonly Judged[], more: Partial<Append> = {}): Promise<Appended> =>
      broker.append({ channel: 'c', lane: LANE, sequence, first: true, items, keep: KEEP, ...more });
    let made = 0;
    const put = async (count: number, keep = KEEP): Promise<void> => {
      for (let i = 0; i < count; i += 1) await broker.publish('c', { id: `b${(made += 1)}`, e: 'message' }, null, keep);
    };
    const read = (from: From, limit = PAGE, keep = KEEP): Promise<Read> => broker.read('c', from, limit, keep);
    const all = async (): Promise<readonly Entry[]> => {
      const page = await read({ latest: 500 });
      return page.ok ? page.entries : [];
    };
    const top = async (): Promise<WireCursor> => (await read({ latest: 0 })).top;

    describe('append', () => {
      it('gives contiguous offsets from 1 and a tag of its own to each entry', async () => {
        const { results, stopped, epoch } = await append(1, [item('a'), item('b'), item('c')]);
        expect(stopped).toBeNull();
        expect(results.map((result) => (result as [number, string])[0])).toEqual([1, 2, 3]);
        expect(new Set(results.map((result) => (result as [number, string])[1])).size).toBe(3);
        expect((await top())[0]).toBe(epoch);
      });

      it('keeps id, event, payload and who sent it', async () => {
        await append(1, [{ item: { id: 'a', e: 'drawn', d: { x: [1] } }, by: 'ann' }]);
        expect(await all()).toEqual([expect.objectContaining({ id: 'a', e: 'drawn', d: { x: [1] }, by: 'ann', o: 1 })]);
      });

      it('answers a repeat with the recorded result, whatever the verdict is now', async () => {
        const first = await append(1, [item('a'), item('b')]);
        const again = await append(1, [item('a'), { ...item('b'), refusal: { code: 'forbidden' } }, item('c')], { first: false });
        expect(again.results.slice(0, 2)).toEqual(first.results);
        expect(await all()).toHaveLength(3);
      });

      it('refuses a hole and names what it expects', async () => {
        await append(1, [item('a')]);
        const { results, stopped } = await append(3, [item('c')]);
        expect(results).toEqual([]);
        expect(stopped).toEqual({ code: 'out-of-order', expected: 2 });
        expect(await all()).toHaveLength(1);
      });

      it('refuses a lane that it does not know, unless it may start there', async () => {
        expect((await append(5, [item('a')], { first: false })).stopped).toEqual({ code: 'unknown-producer' });
        expect((await append(5, [item('a')], { first: true })).stopped).toBeNull();
        expect((await append(6, [item('b')], { first: false })).stopped).toBeNull();
      });

      it('does not start a lane anew that exists', async () => {
        await append(1, [item('a'), item('b')]);
        expect((await append(7, [item('g')], { first: true })).stopped).toEqual({ code: 'out-of-order', expected: 3 });
      });

      it('tells a repeat below the start of the lane that nothing is known of it', async () => {
        await append(5, [item('e')]);
        expect((await append(3, [item('c'), item('d'), item('e')])).results).toEqual([
          { code: 'unknown' },
          { code: 'unknown' },
          [1, expect.any(String)],
        ]);
      });

      it('tells a repeat under another id that it is a conflict', async () => {
        await append(1, [item('a'), { item: { id: 'x', x: 'expired' } }]);
        expect((await append(1, [item('z'), item('y')])).results).toEqual([{ code: 'conflict' }, { code: 'conflict' }]);
        expect(await all()).toHaveLength(1);
      });

      it.each(['cancelled', 'expired', 'closed'] as const)('consumes the sequence of a tombstone: %s', async (x) => {
        const { results } = await append(1, [item('a'), { item: { id: 'b', x } }, item('c')]);
        expect(results).toEqual([[1, expect.any(String)], { code: x }, [2, expect.any(String)]]);
        expect((await append(2, [item('b')])).results).toEqual([{ code: x }]);
        expect((await all()).map(({ id }) => id)).toEqual(['a', 'c']);
      });

      it('tells a tombstone that comes too late that the item was accepted', async () => {
        const { results } = await append(1, [item('a')]);
        expect((await append(1, [{ item: { id: 'a', x: 'cancelled' } }])).results).toEqual(results);
      });

      it('consumes the sequence of a refusal and remembers it', async () => {
        const refusal = { code: 'app', app: 'too-long', message: 'At most 5000 characters' };
        const { results, stopped } = await append(1, [{ ...item('a'), refusal }, item('b')]);
        expect(stopped).toBeNull();
        expect(results).toEqual([refusal, [1, expect.any(String)]]);
        expect((await append(1, [item('a')])).results).toEqual([refusal]);
        expect((await all()).map(({ id }) => id)).toEqual(['b']);
      });

      it('remembers 64 sequences, and refusals for longer', async () => {
        await append(1, [{ ...item('s1'), refusal: { code: 'forbidden' } }]);
        for (let s = 2; s <= 70; s += 1) await append(s, [item(`s${s}`)]);
        const results = async (s: number): Promise<Result> => (await append(s, [item(`s${s}`)])).results[0]!;
        expect(await results(1)).toEqual({ code: 'forbidden' });
        expect(await results(6)).toEqual({ code: 'unknown' });
        expect(await results(7)).toEqual([6, expect.any(String)]);
        expect(await results(70)).toEqual([69, expect.any(String)]);
      });

      it('forgets the oldest refusal after 256', async () => {
        for (let s = 1; s <= 320; s += 64) {
          await append(s, Array.from({ length: 64 }, (_, i) => ({ ...item(`s${s + i}`), refusal: { code: 'forbidden' } })));
        }
        expect((await append(64, [item('s64')])).results).toEqual([{ code: 'unknown' }]);
        expect((await append(65, [item('s65')])).results).toEqual([{ code: 'forbidden' }]);
      });

      it.each([
        ['channels', { channel: 'other' }],
        ['users', { lane: { user: 'bob', producer: 'p1' } }],
        ['producers', { lane: { user: 'ann', producer: 'p2' } }],
        ['users and producers that read alike together', { lane: { user: 'annp', producer: '1' } }],
      ] as const)('keeps lanes apart by %s', async (_what, other) => {
        await append(1, [item('a'), item('b')]);
        expect((await append(3, [item('c')], { ...other, first: false })).stopped).toEqual({ code: 'unknown-producer' });
      });

      it('remembers a lane for four days after its last append', async () => {
        await append(1, [item('a')]);
        advance(4 * DAY - 1);
        expect((await append(2, [item('b')], { first: false })).stopped).toBeNull();
        advance(4 * DAY);
        expect((await append(3, [item('c')], { first: false })).stopped).toEqual({ code: 'unknown-producer' });
      });

      it('says that it accepted a repeat whose log is gone, not where', async () => {
        const keep = { entries: 10, age: MINUTE };
        const { epoch } = await append(1, [item('a')], { keep });
        advance(2 * DAY);
        const again = await append(1, [item('a'), item('b')], { keep });
        expect(again.epoch).not.toBe(epoch);
        expect(again.results).toEqual([0, [1, expect.any(String)]]);
        expect((await append(1, [item('a')], { keep })).results).toEqual([0]);
      });

      it('forgets released lanes after an hour', async () => {
        await append(1, [item('a')]);
        await broker.release([{ channel: 'c', lane: LANE }, { channel: 'c', lane: { user: 'no', producer: 'body' } }]);
        advance(59 * MINUTE);
        expect((await append(1, [item('a')], { first: false })).stopped).toBeNull();
        await broker.release([{ channel: 'c', lane: LANE }]);
        advance(61 * MINUTE);
        expect((await append(2, [item('b')], { first: false })).stopped).toEqual({ code: 'unknown-producer' });
      });
    });

    describe('publish from the back end', () => {
      it('drops a repeat among the last 1000 ids and answers it alike', async () => {
        const first = await broker.publish('c', { id: 'order-1', e: 'made' }, 'shop', KEEP);
        await put(998);
        expect(await broker.publish('c', { id: 'order-1', e: 'made' }, 'shop', KEEP)).toEqual(first);
        await put(1001);
        expect((await broker.publish('c', { id: 'order-1', e: 'made' }, null, KEEP)).cursor[1]).toBe(2001);
      });
    });

    describe('borders of a read', () => {
      it('makes an epoch for a channel that nobody wrote to, and keeps it', async () => {
        const first = await read({ latest: 10 });
        expect(first).toEqual({ ok: true, entries: [], at: first.top, top: first.top });
        expect(first.top.slice(1)).toEqual([0, '']);
        expect(await top()).toEqual(first.top);
        await put(1);
        expect((await top())[0]).toBe(first.top[0]);
        expect(await read({ cursor: first.top })).toMatchObject({ ok: true, entries: [{ o: 1 }] });
      });

      it('forgets an epoch that only readers asked for after ten minutes without one', async () => {
        const [epoch] = await top();
        advance(9 * MINUTE);
        expect((await top())[0]).toBe(epoch);
        advance(10 * MINUTE);
        expect((await top())[0]).not.toBe(epoch);
      });

      it.each([
        ['from the beginning', 0],
        ['from the middle', 4],
        ['from the top', 6],
      ])('reads what follows a cursor: %s', async (_what, offset) => {
        await put(6);
        const entries = await all();
        const epoch = (await top())[0];
        const cursor: WireCursor = [epoch, offset, offset === 0 ? '' : entries[offset - 1]!.g];
        const page = await read({ cursor });
        expect(page).toEqual({ ok: true, entries: entries.slice(offset), at: await top(), top: await top() });
      });

      it.each([
        ['epoch', (epoch: string, tag: string): WireCursor => [`${epoch}x`, 2, tag]],
        ['ahead', (epoch: string, tag: string): WireCursor => [epoch, 5, tag]],
        ['branch', (epoch: string): WireCursor => [epoch, 2, 'other']],
        ['branch', (epoch: string): WireCursor => [epoch, 4, 'other']],
        ['branch', (epoch: string): WireCursor => [epoch, 0, 'other']],
      ])('says %s, with the top as the new base', async (why, cursorOf) => {
        await put(4);
        const tag = (await all())[1]!.g;
        const base = await top();
        expect(await read({ cursor: cursorOf(base[0], tag) })).toEqual({ ok: false, why, top: base });
      });

      it('keeps one entry more than it is told, for the cursor that stands on it', async () => {
        await put(10);
        const entries = await all();
        const [epoch] = await top();
        const keep = { entries: 4, age: DAY };
        await put(1, keep);
        const cursorAt = (offset: number): WireCursor => [epoch, offset, entries[offset - 1]!.g];
        expect(await read({ cursor: cursorAt(7) }, PAGE, keep)).toMatchObject({ ok: true, entries: [{ o: 8 }, { o: 9 }, { o: 10 }, { o: 11 }] });
        expect(await read({ cursor: cursorAt(6) }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed' });
        expect(await read({ cursor: [epoch, 0, ''] }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed' });
      });

      it('trims by age; the top still stands', async () => {
        const keep = { entries: 100, age: MINUTE };
        await put(3, keep);
        const [, second] = await all();
        const base = await top();
        advance(MINUTE + 1);
        expect(await read({ cursor: [base[0], 2, second!.g] }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed', top: base });
        expect(await read({ cursor: base }, PAGE, keep)).toEqual({ ok: true, entries: [], at: base, top: base });
        expect(await read({ latest: 5 }, PAGE, keep)).toEqual({ ok: true, entries: [], at: base, top: base });
        await put(1, keep);
        // The entry at the cursor cannot be compared any more, though the next one is there.
        expect(await read({ cursor: base }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed' });
      });

      it('forgets log and meta together, a day after the last entry', async () => {
        const keep = { entries: 100, age: MINUTE };
        await put(1, keep);
        const base = await top();
        advance(MINUTE + 2 * DAY);
        expect(await read({ cursor: base }, PAGE, keep)).toMatchObject({ ok: false, why: 'epoch' });
      });

      it.each([0, 1, 3, 9])('reads the newest %i', async (latest) => {
        await put(5);
        const entries = await all();
        const base = await top();
        expect(await read({ latest })).toEqual({ ok: true, entries: latest === 0 ? [] : entries.slice(-latest), at: base, top: base });
      });

      it('bounds a page by bytes, but never makes it empty', async () => {
        for (let i = 0; i < 4; i += 1) await broker.publish('c', { id: `i${i}`, e: 'message', d: 'x'.repeat(5000) }, null, KEEP);
        const [epoch] = await top();
        const offsets = async (from: From, bytes: number): Promise<number[]> => {
          const page = await read(from, { entries: 10, bytes });
          return page.ok ? page.entries.map(({ o }) => o) : [];
        };
        expect(await offsets({ cursor: [epoch, 0, ''] }, 1)).toEqual([1]);
        expect(await offsets({ cursor: [epoch, 0, ''] }, 12_000)).toEqual([1, 2]);
        expect(await offsets({ latest: 4 }, 1)).toEqual([4]);
        expect(await offsets({ latest: 4 }, 12_000)).toEqual([3, 4]);
      });
    });

    describe('the live feed', () => {
      const follow = async (): Promise<{ notices: Notice[]; told: [Volatile, string | null][]; leave: () => void }> => {
        const notices: Notice[] = [];
        const told: [Volatile, string | null][] = [];
        const follower: Follower = {
          onNotice: (notice) => notices.push(notice),
          onVolatile: (message, origin) => told.push([message, origin]),
          onDoubt: () => undefined,
        };
        const leave = await broker.follow('c', follower);
        return { notices, told, leave };
      };
      /** A store may be slower than its promise. */
      const until = async (list: readonly unknown[], length: number): Promise<void> => {
        for (let turn = 0; turn < 200 && list.length < length; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      };

      it('tells of every append after it was joined, each with the tag before', async () => {
        await put(1);
        const { notices } = await follow();
        await append(1, [item('a'), { item: { id: 'x', x: 'closed' } }, item('b')]);
        await put(1);
        await until(notices, 3);
        const entries = await all();
        const epoch = (await top())[0];
        expect(notices).toEqual([1, 2, 3].map((at) => ({ epoch, entry: entries[at], previous: entries[at - 1]!.g })));
      });

      it('says nothing of repeats', async () => {
        await append(1, [item('a')]);
        const { notices } = await follow();
        await append(1, [item('a'), item('b')]);
        await until(notices, 1);
        expect(notices.map(({ entry }) => entry.id)).toEqual(['b']);
      });

      it('carries volatile messages with their origin and stores nothing', async () => {
        const { told } = await follow();
        await broker.tell('c', { id: 't', e: 'typing', d: true, by: 'ann' }, 'page-1');
        await broker.tell('other', { id: 'u', e: 'typing' }, null);
        await until(told, 1);
        expect(told).toEqual([[{ id: 't', e: 'typing', d: true, by: 'ann' }, 'page-1']]);
        expect((await top())[1]).toBe(0);
      });

      it('says nothing more to those who left', async () => {
        const gone = await follow();
        const here = await follow();
        gone.leave();
        gone.leave();
        await put(1);
        await until(here.notices, 1);
        expect(gone.notices).toEqual([]);
        expect(here.notices).toHaveLength(1);
      });

      it('keeps the epoch while somebody listens', async () => {
        const [epoch] = await top();
        const { leave } = await follow();
        advance(5 * DAY);
        expect((await top())[0]).toBe(epoch);
        leave();
        advance(DAY);
        expect((await top())[0]).not.toBe(epoch);
      });
    });

    it('has one memory for its whole life', async () => {
      const memory = await broker.memory();
      expect(memory.length).toBeGreaterThan(10);
      expect(await broker.memory()).toBe(memory);
    });

    describe('properties', () => {
      /** Producers that send from a window, again and again, with holes, tombstones and refusals in between. */
      const attempt = fc.record({
        lane: fc.integer({ min: 0, max: 2 }),
        back: fc.integer({ min: 0, max: 12 }),
        length: fc.integer({ min: 1, max: 8 }),
        skip: fc.boolean(),
        refused: fc.boolean(),
      });

      it('I1, I2: each accepted id is in the log once, in the order of its lane', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 60 }), async (attempts) => {
            const { broker: fresh } = await make();
            const next = [1, 1, 1];
            const results = [0, 1, 2].map(() => new Map<number, Result>());
            for (const { lane, back, length, skip, refused } of attempts) {
              const sequence = Math.max(1, next[lane]! - back) + (skip ? 20 : 0);
              const items = Array.from({ length }, (_, index): Judged => {
                const s = sequence + index;
                if (s % 7 === 0) return { item: { id: `${lane}-${s}`, x: 'cancelled' } };
                return { item: { id: `${lane}-${s}`, e: 'message', d: s }, ...(refused ? { refusal: { code: 'forbidden' } } : undefined) };
              });
              const answer = await fresh.append({ channel: 'c', lane: { user: 'ann', producer: `p${lane}` }, sequence, first: next[lane] === 1 && sequence === 1, items, keep: KEEP }); // prettier-ignore
              if (answer.stopped !== null) expect(answer.results).toEqual([]);
              answer.results.forEach((result, index) => {
                const known = results[lane]!.get(sequence + index);
                if (known !== undefined) expect(result).toEqual(known);
                results[lane]!.set(sequence + index, result);
              });
              if (answer.results.length > 0) next[lane] = Math.max(next[lane]!, sequence + answer.results.length);
            }
            const page = await fresh.read('c', { latest: 500 }, PAGE, KEEP);
            const log = page.ok ? page.entries : [];
            expect(log.map(({ o }) => o)).toEqual(log.map((_, index) => index + 1));
            for (const lane of [0, 1, 2]) {
              const accepted = [...results[lane]!].filter(([, result]) => Array.isArray(result)).sort(([a], [b]) => a - b);
              expect(log.filter(({ id }) => id.startsWith(`${lane}-`)).map(({ id }) => id)).toEqual(accepted.map(([s]) => `${lane}-${s}`));
              for (const [s, result] of accepted) expect(log[(result as [number, string])[0] - 1]).toMatchObject({ id: `${lane}-${s}`, g: (result as [number, string])[1] }); // prettier-ignore
            }
            await fresh.close();
          }),
          { numRuns: 60 },
        );
      });

      it('I5: reading page by page gives every entry once, in order, while others append', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.integer({ min: 0, max: 40 }),
            fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }),
            fc.integer({ min: 1, max: 9 }),
            async (before, between, entries) => {
              const { broker: fresh } = await make();
              let made = 0;
              const add = async (count: number): Promise<void> => {
                for (let i = 0; i < count; i += 1) await fresh.publish('c', { id: `i${(made += 1)}`, e: 'message' }, null, KEEP);
              };
              const empty = await fresh.read('c', { latest: 0 }, PAGE, KEEP);
              await add(before);
              let cursor = empty.top;
              const seen: string[] = [];
              for (let turn = 0; ; turn += 1) {
                await add(between[turn] ?? 0);
                const page = await fresh.read('c', { cursor }, { entries, bytes: 1_000_000 }, KEEP);
                if (!page.ok) throw new Error(page.why);
                seen.push(...page.entries.map(({ id }) => id));
                cursor = page.at;
                if (turn >= between.length && cursor[1] === page.top[1]) break;
              }
              expect(seen).toEqual(Array.from({ length: made }, (_, index) => `i${index + 1}`));
              await fresh.close();
            },
          ),
          { numRuns: 40 },
        );
      });
    });
  });
}
