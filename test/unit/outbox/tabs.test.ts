/** What the pages of a profile tell each other of their entries. */
import { describe, expect, it } from 'vitest';
import { useWorld } from '../channel/traffic.ts';
import { createDiskScene } from './disk-scene.ts';

const createWorld = useWorld();

async function twoPages() {
  const { world, profile } = createDiskScene(createWorld());
  const [writer, reader] = [world.open({ profile }), world.open({ profile })];
  writer.network.set('refusing');
  reader.network.set('refusing');
  const shown = () => reader.client.outbox.entries.get().map(({ data }) => data);
  shown();
  await world.clock.advance(1000);
  return { world, profile, writer, room: writer.client.channel('room'), shown };
}

describe('entries of another page', () => {
  it('are shown within 200 ms, and told of together', async () => {
    const { world, profile, room, shown } = await twoPages();
    const before = profile.broadcasts.posted;
    for (let data = 1; data <= 60; data += 1) {
      void room.publish('e', data).stored;
      await world.clock.advance(2);
    }
    expect(profile.broadcasts.posted - before).toBe(1);
    await world.clock.advance(200);
    expect(shown()).toHaveLength(60);
    expect(profile.broadcasts.posted - before).toBe(2);
  });

  it('are shown if it is left at once', async () => {
    const { world, writer, room, shown } = await twoPages();
    void room.publish('e', 1).stored;
    await world.clock.advance(1);
    writer.page.tell('pagehide');
    await world.clock.advance(200);
    expect(shown()).toEqual([1]);
  });

  it('are shown if it is left and comes back at once', async () => {
    const { world, writer, room, shown } = await twoPages();
    void room.publish('e', 1).stored;
    writer.page.tell('pagehide');
    writer.page.tell('pageshow');
    await world.clock.advance(250);
    expect(shown()).toEqual([1]);
  });
});
