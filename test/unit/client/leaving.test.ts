import { afterEach, describe, expect, it } from 'vitest';
import { type World, createWorld } from '../../support/world.ts';

let world: World;
afterEach(() => world.end());

describe.each([
  ['pagehide', 'pageshow'],
  ['freeze', 'resume'],
] as const)('a page between %s and %s', (leave, back) => {
  it('catches up, and what it published meanwhile is there once', async () => {
    world = createWorld();
    const [away, other] = [world.open(), world.open()];
    const [seen, heard]: unknown[][] = [[], []];
    away.client.channel('room').subscribe('message', (data) => seen!.push(data));
    other.client.channel('room').subscribe('message', (data) => heard!.push(data));
    await world.clock.advance(1000);
    const receipts = [away.client.channel('room').publish('message', 'before')];
    await world.clock.advance(10);
    receipts.push(away.client.channel('room').publish('message', 'last words'));
    await world.clock.settle();
    away.page.tell(leave);
    receipts.push(away.client.channel('room').publish('message', 'while leaving'));
    expect(away.network.open).toBe(0);
    await world.clock.advance(2000);
    for (const n of [1, 2, 3]) other.client.channel('room').publish('message', n);
    await world.clock.advance(500);
    expect(away.network.opened).toBe(1);
    away.page.tell(back);
    await world.clock.advance(1000);
    const places = await Promise.all(receipts.map(({ accepted }) => accepted));
    expect(heard).toHaveLength(6);
    expect(seen).toEqual(heard);
    expect(places.map(({ cursor }) => heard![cursor!.offset - 1])).toEqual(['before', 'last words', 'while leaving']);
    expect([away.network.opened, away.client.status.get().state]).toEqual([2, 'connected']);
  });
});
