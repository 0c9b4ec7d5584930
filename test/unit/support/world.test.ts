import { describe, expect, it } from 'vitest';
import { createProfile } from '../../support/profile.ts';
import { createWorld } from '../../support/world.ts';

describe('a page of the world', () => {
  it('crashes without a word: its server is told, and nothing of it runs on', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const [dying, living] = [world.open({ profile }), world.open({ profile })];
    const heard: string[] = [];
    for (const { client } of [dying, living]) client.channel('room').subscribe('said', (data: string) => heard.push(data));
    await world.clock.advance(1000);
    expect(world.server.metrics.get()['connections']).toBe(2);
    dying.crash();
    living.client.channel('room').publish('said', 'hello');
    await world.clock.advance(1000);
    expect(heard).toEqual(['hello']);
    expect(world.server.metrics.get()['connections']).toBe(1);
    expect(dying.client.status.get().state).toBe('connected');
    expect([dying.inProfile?.diedAt, living.inProfile?.diedAt]).toEqual([expect.any(Number), null]);
    await world.end();
    await world.clock.advance(60_000);
    expect(world.clock.pending).toBe(0);
  });

  it('has an outbox in memory when it is opened in no profile', async () => {
    const world = createWorld();
    const { client, inProfile } = world.open();
    expect(inProfile).toBeNull();
    expect(client.outbox.status.get().durable).toBe(false);
    await world.end();
  });
});
