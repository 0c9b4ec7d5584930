import { describe, expect, it } from 'vitest';
import type { Follower, Notice, Volatile } from '../../server/brokers/broker.ts';
import { brokerKit, DAY, item, type MakeBroker } from './broker-kit.ts';

/** What followers are told. */
export function feedContract(make: MakeBroker): void {
  describe('the live feed', () => {
    const kit = brokerKit(make);

    const follow = async (): Promise<{ notices: Notice[]; told: [Volatile, string | null][]; leave: () => void }> => {
      const notices: Notice[] = [];
      const told: [Volatile, string | null][] = [];
      const follower: Follower = {
        onNotice: (notice) => notices.push(notice),
        onVolatile: (message, origin) => told.push([message, origin]),
        onDoubt: () => undefined,
      };
      const leave = await kit.broker.follow('c', follower);
      return { notices, told, leave };
    };
    /** A store may be slower than its promise. */
    const until = async (list: readonly unknown[], length: number): Promise<void> => {
      for (let turn = 0; turn < 200 && list.length < length; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };

    it('tells of every append after it was joined, each with the tag before', async () => {
      await kit.put(1);
      const { notices } = await follow();
      await kit.append(1, [item('a'), { item: { id: 'x', x: 'closed' } }, item('b')]);
      await kit.put(1);
      await until(notices, 3);
      const entries = await kit.all();
      const epoch = (await kit.top())[0];
      expect(notices).toEqual([1, 2, 3].map((at) => ({ epoch, entry: entries[at], previous: entries[at - 1]!.g })));
    });

    it('says nothing of repeats', async () => {
      await kit.append(1, [item('a')]);
      const { notices } = await follow();
      await kit.append(1, [item('a'), item('b')]);
      await until(notices, 1);
      expect(notices.map(({ entry }) => entry.id)).toEqual(['b']);
    });

    it('carries volatile messages with their origin and stores nothing', async () => {
      const { told } = await follow();
      await kit.broker.tell('c', { id: 't', e: 'typing', d: true, by: 'ann' }, 'page-1');
      await kit.broker.tell('other', { id: 'u', e: 'typing' }, null);
      await until(told, 1);
      expect(told).toEqual([[{ id: 't', e: 'typing', d: true, by: 'ann' }, 'page-1']]);
      expect((await kit.top())[1]).toBe(0);
    });

    it('says nothing more to those who left', async () => {
      const gone = await follow();
      const here = await follow();
      gone.leave();
      gone.leave();
      await kit.put(1);
      await until(here.notices, 1);
      expect(gone.notices).toEqual([]);
      expect(here.notices).toHaveLength(1);
    });

    it('keeps the epoch while somebody listens', async () => {
      const [epoch] = await kit.top();
      const { leave } = await follow();
      await kit.advance(5 * DAY);
      expect((await kit.top())[0]).toBe(epoch);
      leave();
      await kit.advance(DAY);
      expect((await kit.top())[0]).not.toBe(epoch);
    });
  });
}
