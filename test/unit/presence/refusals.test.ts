import { describe, expect, it, vi } from 'vitest';
import { createTown } from './town.ts';

const CHECK = 5000;

describe('what is refused', () => {
  it.each<readonly [what: string, data: unknown, code: string]>([
    ['too much', 'x'.repeat(1024), 'too-large'],
    ['what has no JSON form', new Map([[1, 1]]), 'invalid'],
    ['bytes', new Uint8Array(2), 'invalid'],
  ])('at once: %s', async (_what, data, code) => {
    const town = createTown();
    const ann = await town.settle('ann');
    const refused = expect.objectContaining({ code }) as Error;
    expect(() => ann.presence.enter(data)).toThrow(refused);
    expect(() => ann.presence.update(data)).toThrow(refused);
    expect(ann.presence.enter('x'.repeat(1022))).toBeTypeOf('function');
  });

  it('by the rule: told once, and not asked for again until the app does', async () => {
    const asked = vi.fn(() => false);
    const town = createTown({ channels: { '{room}': { subscribe: true, presence: asked } } });
    const page = town.open();
    page.client.channel('room').presence.enter('ann');
    await town.clock.advance(1000);
    page.network.cut();
    await town.clock.advance(30_000);
    expect(page.errors).toMatchObject([{ code: 'forbidden' }]);
    expect(asked).toHaveBeenCalledTimes(1);
    page.client.channel('room').presence.enter('ann');
    await town.clock.advance(1000);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('watching by the rule of presence, though the channel may be read', async () => {
    const town = createTown({ channels: { '{room}': { subscribe: true, presence: false } } });
    const watcher = await town.settle();
    expect(watcher.client.channel('room').status.get().state).toBe('live');
    expect(watcher.errors).toMatchObject([{ code: 'forbidden' }]);
    expect(watcher.shown()).toBe('');
  });

  it('a rule that fails is asked again, with a growing pause', async () => {
    let fails = 3;
    const rule = (): boolean => {
      fails -= 1;
      if (fails >= 0) throw new Error('not now');
      return true;
    };
    const town = createTown({ channels: { '{room}': { subscribe: true, presence: rule } }, onEvent() {} });
    const ann = await town.settle('ann');
    await town.clock.advance(60_000);
    expect(ann.shown()).toBe('ann*');
    expect(ann.errors).toEqual([]);
  });

  it('too often: what is shown last comes when it may', async () => {
    const town = createTown({ limits: { publishRate: 1 } });
    const watcher = await town.settle();
    const ann = await town.settle('0');
    for (let n = 1; n <= 20; n += 1) {
      ann.presence.update(String(n));
      await town.clock.advance(1);
    }
    await town.clock.advance(60_000);
    expect(watcher.shown()).toBe('20');
    expect(town.server.metrics.get()['rateLimited']).toBeGreaterThan(0);
  });

  it('a user whose channel is revoked is not there any more', async () => {
    const town = createTown({ authenticate: ({ token }) => ({ user: { id: token! } }) });
    const watcher = await town.settle(undefined, { user: 'bob', getToken: () => 'bob' });
    await town.settle('ann', { user: 'ann', getToken: () => 'ann' });
    await town.server.revoke('ann', { channel: 'room' });
    await town.clock.advance(CHECK + 1000);
    expect(watcher.told).toEqual(['join ann', 'leave ann']);
  });
});
