import { describe, expect, it } from 'vitest';
import { LIST, at, createPlay, message } from './store-support.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the status', () => {
  it('loading, live, stale, live', async () => {
    const play = createPlay(LIST);
    const states: string[] = [];
    const say = async (...[status]: Parameters<typeof play.tell>): Promise<void> => {
      play.tell(status);
      await settled();
      states.push(play.store.status.get().state);
    };
    await say({ state: 'recovering', why: 'first' });
    play.follower.pass(at(1));
    await say({ state: 'live', lossy: false });
    await say({ state: 'recovering', why: 'reconnect' });
    await say({ state: 'live', lossy: true });
    await say({ state: 'recovering', why: 'trimmed' });
    expect(states).toEqual(['loading', 'live', 'stale', 'live', 'stale']);
  });

  it('is right at once, and each time the same object', async () => {
    const play = createPlay(LIST);
    play.follower.pass(at(1));
    play.tell({ state: 'live', lossy: false });
    let told = 0;
    play.store.status.subscribe(() => (told += 1));
    const now = play.store.status.get();
    expect([now.state, play.store.status.get()]).toEqual(['live', now]);
    expect(play.store.status.get()).toBe(now);
    await settled();
    expect(told).toBe(1);
    play.tell({ state: 'recovering', why: 'trimmed' });
    expect(play.store.status.get().state).toBe('stale');
  });

  it('tells of a loader that fails until it is done', () => {
    const play = createPlay(LIST);
    const error = Object.assign(new Error('x'), { code: 'handler-threw' });
    play.follower.fail(error as never);
    expect(play.store.status.get()).toEqual({ state: 'loading', pending: 0, error });
    play.follower.restart(at(1), { data: [], cursor: null });
    expect(play.store.status.get().error).toBeNull();
  });

  it('closed: with the reason', async () => {
    const play = createPlay(LIST);
    const error = Object.assign(new Error('x'), { code: 'forbidden' });
    play.tell({ state: 'closed', error: error as never });
    await settled();
    expect(play.store.status.get()).toEqual({ state: 'closed', pending: 0, error });
  });

  it('closed: disposed of, and nothing is held or watched any more', async () => {
    const play = createPlay(LIST);
    play.follower.deliver(message('a', at(1)));
    expect([play.holders, play.watchers]).toEqual([1, 1]);
    play.store[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
    play.store[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
    expect([play.holders, play.watchers, play.store.status.get().state]).toEqual([0, 0, 'closed']);
    play.tell({ state: 'live', lossy: false });
    await settled();
    expect([play.store.get(), play.store.status.get().state]).toEqual([['a'], 'closed']);
  });
});
