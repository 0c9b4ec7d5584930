import { describe, expect, it } from 'vitest';
import type { From } from '../../server/brokers/broker.ts';
import type { WireCursor } from '../../src/protocol/frame.ts';
import { brokerKit, DAY, KEEP, type MakeBroker, MINUTE, PAGE } from './broker-kit.ts';

/** Rule R3 and the borders of a read. */
export function readContract(make: MakeBroker): void {
  describe('borders of a read', () => {
    const kit = brokerKit(make);

    it('makes an epoch for a channel that nobody wrote to, and keeps it', async () => {
      const first = await kit.read({ latest: 10 });
      expect(first).toEqual({ ok: true, entries: [], at: first.top, top: first.top });
      expect(first.top.slice(1)).toEqual([0, '']);
      expect(await kit.top()).toEqual(first.top);
      await kit.put(1);
      expect((await kit.top())[0]).toBe(first.top[0]);
      expect(await kit.read({ cursor: first.top })).toMatchObject({ ok: true, entries: [{ o: 1 }] });
    });

    it('forgets an epoch that only readers asked for after ten minutes without one', async () => {
      const [epoch] = await kit.top();
      await kit.advance(9 * MINUTE);
      expect((await kit.top())[0]).toBe(epoch);
      await kit.advance(10 * MINUTE);
      expect((await kit.top())[0]).not.toBe(epoch);
    });

    it.each([
      ['from the beginning', 0],
      ['from the middle', 4],
      ['from the top', 6],
    ])('reads what follows a cursor: %s', async (_what, offset) => {
      await kit.put(6);
      const entries = await kit.all();
      const epoch = (await kit.top())[0];
      const cursor: WireCursor = [epoch, offset, offset === 0 ? '' : entries[offset - 1]!.g];
      const page = await kit.read({ cursor });
      expect(page).toEqual({ ok: true, entries: entries.slice(offset), at: await kit.top(), top: await kit.top() });
    });

    it.each([
      ['epoch', (epoch: string, tag: string): WireCursor => [`${epoch}x`, 2, tag]],
      ['ahead', (epoch: string, tag: string): WireCursor => [epoch, 5, tag]],
      ['branch', (epoch: string): WireCursor => [epoch, 2, 'other']],
      ['branch', (epoch: string): WireCursor => [epoch, 4, 'other']],
      ['branch', (epoch: string): WireCursor => [epoch, 0, 'other']],
    ])('says %s, with the top as the new base', async (why, cursorOf) => {
      await kit.put(4);
      const tag = (await kit.all())[1]!.g;
      const base = await kit.top();
      expect(await kit.read({ cursor: cursorOf(base[0], tag) })).toEqual({ ok: false, why, top: base });
    });

    it('keeps one entry more than it is told, for the cursor that stands on it', async () => {
      await kit.put(10);
      const entries = await kit.all();
      const [epoch] = await kit.top();
      const keep = { entries: 4, age: DAY };
      await kit.put(1, keep);
      const cursorAt = (offset: number): WireCursor => [epoch, offset, entries[offset - 1]!.g];
      expect(await kit.read({ cursor: cursorAt(7) }, PAGE, keep)).toMatchObject({
        ok: true,
        entries: [{ o: 8 }, { o: 9 }, { o: 10 }, { o: 11 }],
      });
      expect(await kit.read({ cursor: cursorAt(6) }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed' });
      expect(await kit.read({ cursor: [epoch, 0, ''] }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed' });
    });

    it('trims by age; the top still stands', async () => {
      const keep = { entries: 100, age: MINUTE };
      await kit.put(3, keep);
      const [, second] = await kit.all();
      const base = await kit.top();
      await kit.advance(MINUTE + 1);
      expect(await kit.read({ cursor: [base[0], 2, second!.g] }, PAGE, keep)).toMatchObject({
        ok: false,
        why: 'trimmed',
        top: base,
      });
      expect(await kit.read({ cursor: base }, PAGE, keep)).toEqual({ ok: true, entries: [], at: base, top: base });
      expect(await kit.read({ latest: 5 }, PAGE, keep)).toEqual({ ok: true, entries: [], at: base, top: base });
      await kit.put(1, keep);
      // The entry at the cursor cannot be compared any more, though the next one is there.
      expect(await kit.read({ cursor: base }, PAGE, keep)).toMatchObject({ ok: false, why: 'trimmed' });
    });

    it('forgets log and meta together, a day after the last entry', async () => {
      const keep = { entries: 100, age: MINUTE };
      await kit.put(1, keep);
      const base = await kit.top();
      await kit.advance(MINUTE + 2 * DAY);
      expect(await kit.read({ cursor: base }, PAGE, keep)).toMatchObject({ ok: false, why: 'epoch' });
    });

    it.each([0, 1, 3, 9])('reads the newest %i', async (latest) => {
      await kit.put(5);
      const entries = await kit.all();
      const base = await kit.top();
      expect(await kit.read({ latest })).toEqual({
        ok: true,
        entries: latest === 0 ? [] : entries.slice(-latest),
        at: base,
        top: base,
      });
    });

    it('bounds a page by bytes, but never makes it empty', async () => {
      for (let i = 0; i < 4; i += 1)
        await kit.broker.publish('c', { id: `i${i}`, e: 'message', d: 'x'.repeat(5000) }, null, KEEP);
      const [epoch] = await kit.top();
      const offsets = async (from: From, bytes: number): Promise<number[]> => {
        const page = await kit.read(from, { entries: 10, bytes });
        return page.ok ? page.entries.map(({ o }) => o) : [];
      };
      expect(await offsets({ cursor: [epoch, 0, ''] }, 1)).toEqual([1]);
      expect(await offsets({ cursor: [epoch, 0, ''] }, 12_000)).toEqual([1, 2]);
      expect(await offsets({ latest: 4 }, 1)).toEqual([4]);
      expect(await offsets({ latest: 4 }, 12_000)).toEqual([3, 4]);
    });
  });
}
