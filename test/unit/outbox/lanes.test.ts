import { describe, expect, it } from 'vitest';
import { Lanes } from '../../../src/outbox/lanes.ts';

describe('lanes', () => {
  const item = (id: string) => ({ id, event: 'e', data: null, size: 1, owner: id });
  const create = (): Lanes<string> => {
    let ids = 0;
    return new Lanes(() => `producer-${(ids += 1)}`);
  };

  it('one for each channel, all under one producer, made when it is first needed', () => {
    let made = 0;
    const lanes = new Lanes<string>(() => `producer-${(made += 1)}`);
    expect(made).toBe(0);
    const [a, b, again] = ['a', 'b', 'a'].map((channel) => lanes.append(channel, item('x')).lane);
    expect(again).toBe(a);
    expect(b).not.toBe(a);
    expect([a!.producer, b!.producer, made]).toEqual(['producer-1', 'producer-1', 1]);
    expect(lanes.find('a', 'producer-1')).toBe(a);
    expect(lanes.find('a', 'producer-2')).toBeUndefined();
    expect([...lanes.active]).toEqual([a, b]);
  });

  it('after a conflict what follows goes under another producer, and the name changes once for all of the old ones', () => {
    const lanes = create();
    const old = lanes.append('a', item('1')).lane;
    const other = lanes.append('b', item('2')).lane;
    lanes.rename(old);
    const renamed = lanes.append('a', item('3')).lane;
    lanes.rename(old);
    lanes.rename(other);
    expect(lanes.append('a', item('4')).lane).toBe(renamed);
    expect(renamed.producer).toBe('producer-2');
    expect([...lanes]).toEqual([old, other, renamed]);
  });

  it('what waits is what may still be withdrawn', () => {
    const lanes = create();
    const { lane, record } = lanes.append('a', item('1'));
    lanes.append('a', item('2'));
    lanes.append('b', item('3'));
    record.tombstone = 'cancelled';
    expect([...lanes.waiting()].map(({ record: { id } }) => id)).toEqual(['2', '3']);
    lane.take({ items: 9, bytes: 9 }, 'm');
    lane.answer(1, [{ code: 'cancelled' }, 0], 0);
    expect([...lanes.waiting()].map(({ record: { id } }) => id)).toEqual(['3']);
  });
});
