import { describe, expect, it } from 'vitest';
import { createHouse, fill } from './support.ts';
import { createWorld } from '../../support/world.ts';

describe('a page that only listens, to a channel where something always happens', () => {
  it('is asked for a sign of life, and stays for as long as it gives one', async () => {
    const { enter, clock, server } = createHouse();
    const [alive, silent] = [await enter(), await enter()];
    for (const peer of [alive, silent]) peer.send({ t: 'sub', c: 'room:1', k: 1 });
    let answered = 0;
    for (let second = 0; second < 120; second += 1) {
      await fill(server, 'room:1', 1);
      await clock.advance(1000);
      if (alive.of('ping').length === answered) continue;
      answered += 1;
      alive.send({ t: 'pong' });
    }
    expect(answered).toBeGreaterThanOrEqual(4);
    expect(answered).toBeLessThanOrEqual(5);
    expect([alive.closed, silent.closed?.code]).toEqual([null, 4003]);
  });

  it('keeps its one connection', async () => {
    const world = createWorld();
    const { client } = world.open();
    const ends: string[] = [];
    client.on('trace', ({ name }) => name === 'ended' && ends.push(name));
    const got: number[] = [];
    client.channel('room').subscribe('count', (count) => got.push(count));
    await world.clock.advance(1000);
    for (let count = 0; count < 200; count += 1) {
      await world.server.publish('room', 'count', count);
      await world.clock.advance(1000);
    }
    expect(ends).toEqual([]);
    expect(got).toHaveLength(200);
    await world.end();
  });
});
