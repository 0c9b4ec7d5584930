import { afterEach, describe, expect, it } from 'vitest';
import { type World, createWorld } from '../../support/world.ts';

let world: World;
afterEach(() => world.end());

describe('a message travels', () => {
  it('reaches another page and the sender itself, once each, in order', async () => {
    world = createWorld();
    const [ada, bob] = [world.open(), world.open()];
    const seen: unknown[] = [];
    bob.client.channel('room').subscribe('message', (data) => seen.push(data));
    const own: boolean[] = [];
    ada.client.channel('room').subscribe('message', (_, message) => own.push(message.own));
    await world.clock.advance(100);
    const receipts = [1, 2, 3].map((n) => ada.client.channel('room').publish('message', n));
    await world.clock.advance(100);
    expect(seen).toEqual([1, 2, 3]);
    expect(own).toEqual([true, true, true]);
    const places = await Promise.all(receipts.map(({ accepted }) => accepted));
    expect(places.map(({ cursor }) => cursor?.offset)).toEqual([1, 2, 3]);
    expect(ada.client.status.get().state).toBe('connected');
  });
});
