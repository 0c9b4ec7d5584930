/** Sessions whose `expiresAt` has passed when `authenticate` gives them: a clock that is wrong, or a token kept too long. */
import { describe, expect, it } from 'vitest';
import { createHouse } from './support.ts';

/** The first session lives for `first` ms, each later one for `later`. */
function house(first: number, later = first) {
  let asked = 0;
  const made = createHouse({
    authenticate: () => ({ user: { id: 'ann' }, expiresAt: made.clock.now() + ((asked += 1) === 1 ? first : later) }),
  });
  return made;
}

describe('an opening', () => {
  it.each([0, -1, -3_600_000])(
    'with a session that ended %i ms ago gets 4201, for the client to get a fresh one',
    async (life) => {
      const { enter, count } = house(life);
      const peer = await enter({ token: 'ann' });
      expect(peer.frames).toMatchObject([{ t: 'bye', code: 4201 }]);
      expect([peer.closed?.code, count('connections')]).toEqual([4201, 0]);
    },
  );

  it('with a session that has 1 ms left is welcomed', async () => {
    const peer = await house(1).enter({ token: 'ann' });
    expect(peer.frames).toMatchObject([{ t: 'welcome', ttl: 1 }]);
  });
});

describe('a renewal by a session that has ended already', () => {
  it('leaves the old one as it is, and tells what is left of it', async () => {
    const { enter, clock } = house(60_000, -1);
    const peer = await enter({ token: 'ann' });
    await clock.advance(10_000);
    peer.send({ t: 'auth', token: 'old' });
    await clock.settle();
    expect([peer.last('auth'), peer.closed]).toEqual([{ t: 'auth', ttl: 50_000 }, null]);
  });

  it('does not put off the end after 30 s of grace, however often it is tried', async () => {
    const { enter, clock } = house(20_000, -1);
    const peer = await enter({ token: 'ann' });
    for (let left = 49_000; left > 0; left -= 7000) {
      await clock.advance(7000);
      peer.send({ t: 'auth', token: 'old' });
    }
    expect([peer.closed, peer.last('auth')?.ttl]).toEqual([null, 0]);
    await clock.advance(2500);
    expect([peer.closed?.code, peer.last('bye')?.code]).toEqual([4201, 4201]);
  });

  it('is made good by the next one', async () => {
    let life = 20_000;
    const made = createHouse({ authenticate: () => ({ user: { id: 'ann' }, expiresAt: made.clock.now() + life }) });
    const peer = await made.enter({ token: 'ann' });
    await made.clock.advance(25_000);
    for (const next of [-1, 60_000]) {
      life = next;
      peer.send({ t: 'auth', token: 'other' });
      await made.clock.settle();
    }
    expect(peer.of('auth').slice(-2)).toEqual([
      { t: 'auth', ttl: 0 },
      { t: 'auth', ttl: 60_000 },
    ]);
    await made.clock.advance(40_000);
    expect(peer.closed).toBeNull();
  });
});
