import { describe, expect, it } from 'vitest';
import { type Result, TOMBSTONES } from '../../src/protocol/frame.ts';
import { brokerKit, DAY, item, KEEP, LANE, type MakeBroker, MINUTE } from './broker-kit.ts';

/** Rules R4 and R6. */
export function appendContract(make: MakeBroker): void {
  describe('append', () => {
    const kit = brokerKit(make);

    it('gives contiguous offsets from 1 and a tag of its own to each entry', async () => {
      const { results, stopped, epoch } = await kit.append(1, [item('a'), item('b'), item('c')]);
      expect(stopped).toBeNull();
      expect(results.map((result) => (result as [number, string])[0])).toEqual([1, 2, 3]);
      expect(new Set(results.map((result) => (result as [number, string])[1])).size).toBe(3);
      expect((await kit.top())[0]).toBe(epoch);
    });

    it('keeps id, event, payload and who sent it', async () => {
      await kit.append(1, [{ item: { id: 'a', e: 'drawn', d: { x: [1] } }, by: 'ann' }]);
      expect(await kit.all()).toEqual([expect.objectContaining({ id: 'a', e: 'drawn', d: { x: [1] }, by: 'ann', o: 1 })]);
    });

    it('answers a repeat with the recorded result, whatever the verdict is now', async () => {
      const first = await kit.append(1, [item('a'), item('b')]);
      const again = await kit.append(1, [item('a'), { ...item('b'), refusal: { code: 'forbidden' } }, item('c')], {
        first: false,
      });
      expect(again.results.slice(0, 2)).toEqual(first.results);
      expect(await kit.all()).toHaveLength(3);
    });

    it('refuses a hole and names what it expects', async () => {
      await kit.append(1, [item('a')]);
      const { results, stopped } = await kit.append(3, [item('c')]);
      expect(results).toEqual([]);
      expect(stopped).toEqual({ code: 'out-of-order', expected: 2 });
      expect(await kit.all()).toHaveLength(1);
    });

    it('refuses a lane that it does not know, unless it may start there', async () => {
      expect((await kit.append(5, [item('a')], { first: false })).stopped).toEqual({ code: 'unknown-producer' });
      expect((await kit.append(5, [item('a')], { first: true })).stopped).toBeNull();
      expect((await kit.append(6, [item('b')], { first: false })).stopped).toBeNull();
    });

    it('does not start a lane anew that exists', async () => {
      await kit.append(1, [item('a'), item('b')]);
      expect((await kit.append(7, [item('g')], { first: true })).stopped).toEqual({ code: 'out-of-order', expected: 3 });
    });

    it('tells a repeat below the start of the lane that it is', async () => {
      await kit.append(5, [item('e')]);
      expect((await kit.append(3, [item('c'), item('d'), item('e')])).results).toEqual([
        { code: 'before-start' },
        { code: 'before-start' },
        [1, expect.any(String)],
      ]);
    });

    it('tells a repeat under another id that it is a conflict', async () => {
      await kit.append(1, [item('a'), { item: { id: 'x', x: 'expired' } }]);
      expect((await kit.append(1, [item('z'), item('y')])).results).toEqual([{ code: 'conflict' }, { code: 'conflict' }]);
      expect(await kit.all()).toHaveLength(1);
    });

    it('tells the owner of a sequence that another has closed that it came too late', async () => {
      await kit.append(1, [item('a'), { item: { id: 'closed-2', x: 'closed' } }]);
      expect((await kit.append(2, [item('b')])).results).toEqual([{ code: 'closed' }]);
      expect((await kit.append(2, [{ item: { id: 'b', x: 'cancelled' } }])).results).toEqual([{ code: 'closed' }]);
    });

    it.each(TOMBSTONES)('consumes the sequence of a tombstone: %s', async (x) => {
      const { results } = await kit.append(1, [item('a'), { item: { id: 'b', x } }, item('c')]);
      expect(results).toEqual([[1, expect.any(String)], { code: x }, [2, expect.any(String)]]);
      expect((await kit.append(2, [item('b')])).results).toEqual([{ code: x }]);
      expect((await kit.all()).map(({ id }) => id)).toEqual(['a', 'c']);
    });

    it('tells a tombstone that comes too late that the item was accepted', async () => {
      const { results } = await kit.append(1, [item('a')]);
      expect((await kit.append(1, [{ item: { id: 'a', x: 'cancelled' } }])).results).toEqual(results);
    });

    it('consumes the sequence of a refusal and remembers it', async () => {
      const refusal = { code: 'app', app: 'too-long', message: 'At most 5000 characters' };
      const { results, stopped } = await kit.append(1, [{ ...item('a'), refusal }, item('b')]);
      expect(stopped).toBeNull();
      expect(results).toEqual([refusal, [1, expect.any(String)]]);
      expect((await kit.append(1, [item('a')])).results).toEqual([refusal]);
      expect((await kit.all()).map(({ id }) => id)).toEqual(['b']);
    });

    it('remembers 64 sequences, and refusals for longer', async () => {
      await kit.append(1, [{ ...item('s1'), refusal: { code: 'forbidden' } }]);
      for (let s = 2; s <= 70; s += 1) await kit.append(s, [item(`s${s}`)]);
      const results = async (s: number): Promise<Result> => (await kit.append(s, [item(`s${s}`)])).results[0]!;
      expect(await results(1)).toEqual({ code: 'forbidden' });
      expect(await results(6)).toEqual({ code: 'unknown' });
      expect(await results(7)).toEqual([6, expect.any(String)]);
      expect(await results(70)).toEqual([69, expect.any(String)]);
    });

    it('forgets the oldest refusal after 256', async () => {
      for (let s = 1; s <= 320; s += 64) {
        await kit.append(
          s,
          Array.from({ length: 64 }, (_, i) => ({ ...item(`s${s + i}`), refusal: { code: 'forbidden' } })),
        );
      }
      expect((await kit.append(64, [item('s64')])).results).toEqual([{ code: 'unknown' }]);
      expect((await kit.append(65, [item('s65')])).results).toEqual([{ code: 'forbidden' }]);
    });

    it.each([
      ['channels', { channel: 'other' }],
      ['users', { lane: { user: 'bob', producer: 'p1' } }],
      ['producers', { lane: { user: 'ann', producer: 'p2' } }],
      ['users and producers that read alike together', { lane: { user: 'annp', producer: '1' } }],
    ] as const)('keeps lanes apart by %s', async (_what, other) => {
      await kit.append(1, [item('a'), item('b')]);
      expect((await kit.append(3, [item('c')], { ...other, first: false })).stopped).toEqual({ code: 'unknown-producer' });
    });

    it('remembers a lane for four days after its last append', async () => {
      await kit.append(1, [item('a')]);
      await kit.advance(4 * DAY - 1);
      expect((await kit.append(2, [item('b')], { first: false })).stopped).toBeNull();
      await kit.advance(4 * DAY);
      expect((await kit.append(3, [item('c')], { first: false })).stopped).toEqual({ code: 'unknown-producer' });
    });

    it('says that it accepted a repeat whose log is gone, not where', async () => {
      const keep = { entries: 10, age: MINUTE };
      const { epoch } = await kit.append(1, [item('a')], { keep });
      await kit.advance(2 * DAY);
      const again = await kit.append(1, [item('a'), item('b')], { keep });
      expect(again.epoch).not.toBe(epoch);
      expect(again.results).toEqual([0, [1, expect.any(String)]]);
      expect((await kit.append(1, [item('a')], { keep })).results).toEqual([0]);
    });

    it('forgets released lanes after an hour', async () => {
      await kit.append(1, [item('a')]);
      await kit.broker.release([
        { channel: 'c', lane: LANE },
        { channel: 'c', lane: { user: 'no', producer: 'body' } },
      ]);
      await kit.advance(59 * MINUTE);
      expect((await kit.append(1, [item('a')], { first: false })).stopped).toBeNull();
      await kit.broker.release([{ channel: 'c', lane: LANE }]);
      await kit.advance(61 * MINUTE);
      expect((await kit.append(2, [item('b')], { first: false })).stopped).toEqual({ code: 'unknown-producer' });
    });
  });

  describe('publish from the back end', () => {
    const kit = brokerKit(make);

    it('drops a repeat among the last 1000 ids and answers it alike', async () => {
      const first = await kit.broker.publish('c', { id: 'order-1', e: 'made' }, 'shop', KEEP);
      await kit.put(998);
      expect(await kit.broker.publish('c', { id: 'order-1', e: 'made' }, 'shop', KEEP)).toEqual(first);
      await kit.put(1001);
      expect((await kit.broker.publish('c', { id: 'order-1', e: 'made' }, null, KEEP)).cursor[1]).toBe(2001);
    });
  });
}
