import { describe, expect, it } from 'vitest';
import type { Session } from '../../../server/types.ts';
import { createDeferred, createHouse, fill } from './support.ts';

describe('revoke', () => {
  it('ends the sessions of one user', async () => {
    const house = createHouse();
    const [ann, other, bob] = [
      await house.enter({ token: 'ann' }),
      await house.enter({ token: 'ann' }),
      await house.enter({ token: 'bob' }),
    ];
    await house.server.revoke('ann');
    expect([ann.closed?.code, other.closed?.code, bob.closed]).toEqual([4202, 4202, null]);
  });

  describe('while authenticate is asked', () => {
    const askedIn = async (token: string) => {
      const answers: { resolve(session: Session): void }[] = [];
      const house = createHouse({
        authenticate: ({ token }) => {
          if (token === 'ann') return { user: { id: 'ann' } };
          const answer = createDeferred<Session>();
          answers.push(answer);
          return answer.promise;
        },
      });
      return { house, answers, peer: await house.enter({ token }) };
    };
    const ann = { user: { id: 'ann' } };

    it('for a hello, refuses the answer that names the user', async () => {
      const { house, answers, peer } = await askedIn('slow');
      await house.server.revoke('ann');
      expect(peer.closed).toBeNull();
      answers[0]!.resolve(ann);
      await house.clock.settle();
      expect(peer.frames).toEqual([{ t: 'bye', code: 4202, why: expect.any(String) }]);
    });

    it.each([
      ['another user', { user: { id: 'bob' } }, undefined],
      ['nobody', { user: null }, undefined],
      ['the user, where only a channel was taken away', ann, { channel: 'room:1' }],
    ])('for a hello, takes the answer that names %s', async (_who, session, options) => {
      const { house, answers, peer } = await askedIn('slow');
      await house.server.revoke('ann', options);
      answers[0]!.resolve(session);
      await house.clock.settle();
      expect(peer.last('welcome')).toBeDefined();
    });

    it('for a fresh token, ends the session, and the answer changes nothing', async () => {
      const { house, answers, peer } = await askedIn('ann');
      peer.send({ t: 'auth', token: 'fresh' }, { t: 'auth', token: 'fresher' });
      await house.server.revoke('ann');
      expect(peer.closed?.code).toBe(4202);
      const said = peer.frames.length;
      answers[0]!.resolve(ann);
      await house.clock.settle();
      expect([peer.frames.length, answers.length]).toEqual([said, 1]);
    });

    it('takes what is asked after that', async () => {
      const { house, answers, peer } = await askedIn('slow');
      await house.server.revoke('ann');
      answers[0]!.resolve(ann);
      await house.clock.settle();
      const next = await house.enter({ token: 'slow' });
      answers[1]!.resolve(ann);
      await house.clock.settle();
      expect([peer.closed?.code, next.last('welcome')?.user]).toEqual([4202, 'ann']);
    });
  });

  it('takes one channel away', async () => {
    const house = createHouse();
    const [ann, bob] = [await house.enter({ token: 'ann' }), await house.enter({ token: 'bob' })];
    for (const peer of [ann, bob]) peer.send({ t: 'sub', c: 'room:1', k: 1 }, { t: 'sub', c: 'room:2', k: 2 });
    await house.clock.settle();
    await house.server.revoke('ann', { channel: 'room:1' });
    await house.server.revoke('ann', { channel: 'room:9' });
    await fill(house.server, 'room:1', 1);
    await fill(house.server, 'room:2', 1);
    await house.clock.settle();
    expect(ann.of('unsubbed')).toEqual([{ t: 'unsubbed', c: 'room:1', code: 'forbidden', retry: false }]);
    expect([ann.of('msg').length, bob.of('msg').length]).toEqual([1, 2]);
  });
});
