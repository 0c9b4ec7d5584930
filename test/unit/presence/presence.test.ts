// Holds I10 (docs/guarantees.md).
import { describe, expect, it, vi } from 'vitest';
import { createTown, dataOf } from './town.ts';

const GRACE = 10_000;
const CHECK = 5000;

describe('who is in a channel', () => {
  it('sees who is there, itself included, the longest there first', async () => {
    const town = createTown();
    const [ann, bob] = [await town.settle('ann'), await town.settle('bob')];
    const watcher = await town.settle();
    expect([ann.shown(), bob.shown(), watcher.shown()]).toEqual(['ann* bob', 'ann bob*', 'ann bob']);
    expect(watcher.told).toEqual([]);
    expect(ann.told).toEqual(['join bob']);
    expect(watcher.presence.members.get()[0]).toEqual({ id: expect.any(String), user: null, self: false, data: 'ann' });
    expect(await town.server.members('room')).toEqual([
      { id: ann.presence.members.get()[0]!.id, user: null, data: 'ann' },
      { id: expect.any(String), user: null, data: 'bob' },
    ]);
  });

  it('shows the user whom the server vouches for, once for each page', async () => {
    const town = createTown({ authenticate: ({ token }) => ({ user: { id: token! } }) });
    const asAnn = { user: 'ann', getToken: () => 'ann' };
    const [first, second] = [await town.settle('tab 1', asAnn), await town.settle('tab 2', asAnn)];
    expect(first.shown()).toBe('tab 1* tab 2');
    expect(second.presence.members.get().map(({ user }) => user)).toEqual(['ann', 'ann']);
  });

  it('shows no user where the rule does not', async () => {
    const town = createTown({
      authenticate: () => ({ user: { id: 'ann' } }),
      channels: { '{room}': { subscribe: true, showUser: false } },
    });
    const ann = await town.settle('ann', { user: 'ann' });
    expect(ann.presence.members.get()).toMatchObject([{ user: null }]);
  });

  it('is told of what changes, and only of that', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const ann = await town.settle('ann');
    ann.presence.update('ann, away');
    await town.clock.advance(1000);
    expect(watcher.shown()).toBe('ann, away');
    ann.presence.update('ann, away');
    await town.clock.advance(1000);
    ann.client.destroy();
    await town.clock.advance(1000);
    expect(watcher.told).toEqual(['join ann', 'update ann, away', 'leave ann, away']);
    expect(watcher.shown()).toBe('');
  });

  it('keeps what did not change the same object, and a list that did not the same array', async () => {
    const town = createTown();
    const [ann, bob] = [await town.settle({ name: 'ann' }), await town.settle({ name: 'bob' })];
    const watcher = await town.settle();
    const list = watcher.presence.members.get();
    const listener = vi.fn();
    watcher.presence.members.subscribe(listener);
    ann.network.cut();
    watcher.network.cut();
    await town.clock.advance(5000);
    expect(watcher.presence.members.get()).toBe(list);
    bob.presence.update({ name: 'bob, away' });
    await town.clock.advance(1000);
    expect(watcher.presence.members.get()).not.toBe(list);
    expect(watcher.presence.members.get()[0]).toBe(list[0]);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('is there until every caller has stopped, with the data of the newest', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const { presence } = town.open().client.channel('room');
    const first = presence.enter('first');
    const second = presence.enter('second');
    await town.clock.advance(1000);
    expect(watcher.shown()).toBe('second');
    first();
    first();
    await town.clock.advance(1000);
    expect(watcher.shown()).toBe('second');
    second();
    await town.clock.advance(1000);
    expect(watcher.shown()).toBe('');
    expect(() => presence.update('third')).toThrow(expect.objectContaining({ code: 'invalid-option' }) as Error);
  });

  it('leaves when the signal aborts, and is never there if it was aborted before', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const { presence } = town.open().client.channel('room');
    const controller = new AbortController();
    presence.enter('ann', controller);
    presence.on('join', () => expect.fail('it was aborted'), { signal: AbortSignal.abort() });
    await town.clock.advance(1000);
    expect(watcher.shown()).toBe('ann');
    controller.abort();
    presence.enter('bob', controller);
    await town.clock.advance(1000);
    expect(watcher.told).toEqual(['join ann', 'leave ann']);
  });

  it('who leaves and comes back within a tick is not told as gone', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const { presence } = town.open().client.channel('room');
    const stop = presence.enter('ann');
    await town.clock.advance(1000);
    stop();
    presence.enter('ann again');
    await town.clock.advance(1000);
    expect(watcher.told).toEqual(['join ann', 'update ann again']);
  });

  it('a handler that throws is reported and stops nobody', async () => {
    const town = createTown();
    const watcher = await town.settle();
    watcher.presence.on('join', () => {
      throw new Error('mine');
    });
    const seen: unknown[] = [];
    watcher.presence.on('join', ({ data }) => seen.push(data));
    await town.settle('ann');
    expect(seen).toEqual(['ann']);
    expect(watcher.errors).toMatchObject([{ code: 'handler-threw', cause: { message: 'mine' } }]);
  });

  it('holds the channel while somebody is there or watches, and lets it go', async () => {
    const town = createTown();
    const { client } = town.open();
    const channel = client.channel('room');
    const stops = [
      channel.presence.enter('ann'),
      channel.presence.members.subscribe(() => {}),
      channel.presence.on('join', () => {}),
    ];
    await town.clock.advance(1000);
    for (const stop of stops) {
      expect(channel.status.get().state).toBe('live');
      stop();
      await town.clock.advance(500);
    }
    await town.clock.advance(1000);
    expect(channel.status.get().state).toBe('idle');
    expect(town.server.metrics.get()['subscriptions']).toBe(0);
  });

  it('who comes to watch a channel that is subscribed already is told', async () => {
    const town = createTown();
    await town.settle('ann');
    const { client } = town.open();
    client.channel('room').subscribeAll(() => {});
    await town.clock.advance(1000);
    const { members } = client.channel('room').presence;
    expect(members.get()).toEqual([]);
    const stop = members.subscribe(() => {});
    await town.clock.advance(1000);
    expect(dataOf(members.get())).toBe('ann');
    stop();
    members.subscribe(() => {});
    await town.clock.advance(1000);
    expect(dataOf(members.get())).toBe('ann');
  });
});

describe('through what befalls a connection', () => {
  it('a page that is back within the grace is never told as gone', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const ann = await town.settle('ann');
    for (let turn = 0; turn < 5; turn += 1) {
      ann.network.cut();
      await town.clock.advance(GRACE + CHECK);
    }
    town.restart();
    await town.clock.advance(60_000);
    expect(watcher.told).toEqual(['join ann']);
    expect([watcher.shown(), ann.shown()]).toEqual(['ann', 'ann*']);
    expect(ann.network.opened).toBeGreaterThan(5);
  });

  it('a page whose connection is lost is gone after the grace, and back when it is', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const ann = await town.settle('ann');
    ann.network.set('refusing');
    ann.network.cut();
    await town.clock.advance(GRACE - 1000);
    expect(watcher.shown()).toBe('ann');
    await town.clock.advance(1000 + CHECK);
    expect(watcher.shown()).toBe('');
    ann.network.set('open');
    await town.clock.advance(60_000);
    expect(watcher.told).toEqual(['join ann', 'leave ann', 'join ann']);
  });

  it('a page whose server died with its connection is gone after its lease', async () => {
    const town = createTown();
    const ann = await town.settle('ann');
    ann.crash();
    // The server goes too, before it could let go.
    town.restart();
    const watcher = await town.settle();
    await town.clock.advance(60_000);
    expect(watcher.shown()).toBe('');
  });

  it('a store that forgot everybody is told again', async () => {
    const town = createTown();
    await town.settle('ann');
    const watcher = await town.settle();
    town.restart({ keepStore: false });
    await town.clock.advance(60_000);
    expect(watcher.shown()).toBe('ann');
  });

  it('a store that forgot one page has it told again by its connection', async () => {
    const town = createTown();
    const watcher = await town.settle();
    await town.settle('ann');
    // As if the lease had run out while the server stood still.
    const { presence } = town.broker;
    const renew = vi.spyOn(presence, 'renew').mockImplementation((_channel, held) => Promise.resolve(held.map(() => 'held')));
    await town.clock.advance(45_000);
    expect(watcher.told).toEqual(['join ann', 'leave ann']);
    renew.mockRestore();
    await town.clock.advance(15_000);
    expect(watcher.told).toEqual(['join ann', 'leave ann', 'join ann']);
    expect(watcher.shown()).toBe('ann');
  });

  it('a leave that no connection could carry is said on the next one', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const { client, network } = town.open();
    const stop = client.channel('room').presence.enter('ann');
    await town.clock.advance(1000);
    network.hang('up', 'down');
    stop();
    network.cut();
    await town.clock.advance(4000);
    expect(watcher.told).toEqual(['join ann', 'leave ann']);
  });

  it('what changes while there is no connection is shown by the next one', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const ann = await town.settle('ann');
    ann.network.cut();
    ann.presence.update('ann, back');
    await town.clock.advance(5000);
    expect(watcher.told).toEqual(['join ann', 'update ann, back']);
  });

  it('a page that is left says so, and enters again when it is brought back', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const ann = await town.settle('ann');
    ann.page.tell('pagehide');
    await town.clock.advance(500);
    expect(watcher.told).toEqual(['join ann', 'leave ann']);
    ann.page.tell('pageshow');
    await town.clock.advance(5000);
    expect(watcher.told).toEqual(['join ann', 'leave ann', 'join ann']);
  });

  it('a page that was destroyed is gone at once', async () => {
    const town = createTown();
    const watcher = await town.settle();
    const ann = await town.settle('ann');
    ann.client.destroy();
    await town.clock.advance(500);
    expect(watcher.told).toEqual(['join ann', 'leave ann']);
    expect(() => ann.presence.enter('again')).toThrow(expect.objectContaining({ code: 'destroyed' }) as Error);
    expect(() => ann.presence.on('join', () => {})).toThrow(expect.objectContaining({ code: 'destroyed' }) as Error);
    expect(() => ann.presence.members.subscribe(() => {})).toThrow(expect.objectContaining({ code: 'destroyed' }) as Error);
  });

  it('members stay as they were last told while there is no connection', async () => {
    const town = createTown();
    await town.settle('ann');
    const watcher = await town.settle();
    watcher.client.disconnect();
    await town.clock.advance(60_000);
    expect(watcher.shown()).toBe('ann');
  });
});
