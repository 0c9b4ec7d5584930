/** Drives one lane by hand. */
import { type Answer, Lane, type LaneRecord, type Room } from '../../../src/outbox/lane.ts';
import type { Nack, Pub, Result } from '../../../src/protocol/frame.ts';

export type TestLane = Lane<string>;
export const ROOM: Room = { items: 256, bytes: 1_000_000 };

export function createLane(items = 0): TestLane {
  const lane = new Lane<string>('room', 'producer');
  add(lane, items);
  return lane;
}

/** Appends `count` items named by their sequence. */
export function add(lane: TestLane, count: number, size = 1): readonly LaneRecord<string>[] {
  return Array.from({ length: count }, () => {
    const record = lane.append({ id: '', event: 'e', data: null, size, owner: '' });
    Object.assign(record, { id: `i${record.sequence}`, data: record.sequence, owner: `o${record.sequence}` });
    return record;
  });
}

export const take = (lane: TestLane, mem = 'm1', room: Partial<Room> = {}): Pub | null =>
  lane.take({ ...ROOM, ...room }, mem)?.frame ?? null;

/** Everything that can go now, as `sequence × count`, with `!` for `first`. */
export function takeAll(lane: TestLane, mem = 'm1', room: Partial<Room> = {}): readonly string[] {
  const frames: string[] = [];
  for (let pub = take(lane, mem, room); pub !== null; pub = take(lane, mem, room)) frames.push(brief(pub));
  return frames;
}

export const brief = ({ s, items, first }: Pub): string => `${s}×${items.length}${first === true ? '!' : ''}`;

/** Items as `sequence` or `sequence:tombstone`. */
export const contents = ({ s, items }: Pub): readonly string[] =>
  items.map((item, index) => ('x' in item ? `${s + index}:${item.x}` : `${s + index}`));

export const accepted = (from: number, count: number): readonly Result[] =>
  Array.from({ length: count }, (_, index): Result => [from + index, `t${from + index}`]);

export const accept = (lane: TestLane, sequence: number, count: number, now = 0): readonly Answer<string>[] =>
  lane.answer(sequence, accepted(sequence, count), now);

export const nack = (s: number, code: string, more: Partial<Nack> = {}): Nack => ({
  t: 'nack',
  c: 'room',
  p: 'producer',
  s,
  code,
  ...more,
});
