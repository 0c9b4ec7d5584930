import { describe, expect, it } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import type { Sub } from '../../../src/protocol/frame.ts';
import { ask, hello } from './http-support.ts';
import { createDeferred, createHouse, fill, top } from './support.ts';

const sub = (c = 'room:1', more: Partial<Sub> = {}): Sub => ({ t: 'sub', c, k: 1, ...more });
/** Without `recheck`: this server has just begun. */
const kinds = (reply: { readonly frames: readonly { readonly t: string }[] }): string[] =>
  reply.frames.map(({ t }) => t).filter((t) => t !== 'recheck');

describe('how long a poll waits for what is not answered', () => {
  it('does not wait for a rule that hangs until its client gives up; for who is there it does', async () => {
    const who = createDeferred<{ user: null }>();
    const subscribe = ({ channel }: { channel: string }) => channel === 'room:1' || createDeferred<boolean>().promise;
    const house = createHouse({ authenticate: () => who.promise, channels: { 'room:{id}': { subscribe } } });
    const reply = await ask(house, '/poll', [hello(), sub(), sub('room:2')]);
    await house.clock.advance(6000);
    who.resolve({ user: null });
    await house.clock.advance(4999);
    expect(reply.state).toBe('open');
    await house.clock.advance(1);
    expect(kinds(reply)).toEqual(['welcome', 'subbed']);
    expect(house.count('connections')).toBe(0);
  });

  it('is not answered before a slow rule was, or it never would be beside a busy channel; after 1 s it is', async () => {
    const may = [createDeferred<boolean>(), createDeferred<boolean>()];
    const subscribe = ({ channel }: { channel: string }) => channel === 'room:1' || may[asked++]!.promise;
    let asked = 0;
    const house = createHouse({ channels: { 'room:{id}': { subscribe, publish: true } } });
    const poll = async () => {
      const subs = [sub('room:1', { cur: await top(house) }), sub('room:2', { cur: await top(house, 'room:2') })];
      const reply = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 }), ...subs]);
      await fill(house.server, 'room:1', 1);
      await house.clock.advance(999);
      expect(reply.state).toBe('open');
      return reply;
    };
    const first = await poll();
    may[0]!.resolve(true);
    await house.clock.settle();
    expect(kinds(first)).toEqual(['welcome', 'subbed', 'msg', 'subbed']);
    const second = await poll();
    await house.clock.advance(1);
    expect(kinds(second)).toEqual(['welcome', 'subbed', 'msg']);
    expect(house.clock.pending).toBe(2); // the sweep, and what bounds the rule
  });

  it('lets go of a store that never answers', async () => {
    const broker = Object.assign(memoryBroker(), { read: () => new Promise<never>(() => undefined) });
    const house = createHouse({ broker });
    const reply = await ask(house, '/poll', [hello(), sub()]);
    await house.clock.advance(5000);
    expect(kinds(reply)).toEqual(['welcome']);
    expect([house.count('connections'), house.count('subscriptions')]).toEqual([0, 0]);
  });
});
