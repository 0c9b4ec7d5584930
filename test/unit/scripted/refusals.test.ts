import { describe, expect, it } from 'vitest';
import type { Unsubbed } from '../../../src/protocol/frame.ts';
import { msg, subbed } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();
const unsubbed = (code: string, retry: boolean, more: Partial<Unsubbed> = {}): Unsubbed => ({
  t: 'unsubbed',
  c: 'room',
  code,
  retry,
  ...more,
});

describe('unsubbed for good', () => {
  it.each([
    ['forbidden', {}, 'forbidden', {}],
    ['invalid', { message: 'This channel keeps no log.' }, 'invalid', {}],
    ['not-found', {}, 'not-found', {}],
    ['app', { app: 'not-a-member' }, 'app', { appCode: 'not-a-member' }],
  ] as const)('with %s closes the channel, tells why, and asks no more', async (code, more, told, details) => {
    const { client, clock, server, errors, read } = stage({ sub: (_, peer) => peer.send(unsubbed(code, false, more)) });
    const seen = read('room');
    await clock.advance(0);
    expect(client.channel('room').status.get()).toMatchObject({ state: 'closed', error: { code: told, details } });
    expect(errors.map((error) => error.code)).toEqual([told]);
    if ('message' in more) expect(errors[0]?.message).toBe(more.message);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    server.peer.send(msg('room', 1), { t: 'tell', c: 'room', id: 'v', e: 'message' });
    await clock.advance(20_000);
    server.peer.die();
    await clock.advance(20_000);
    expect(server.peers.map((peer) => peer.got('sub').length)).toEqual([1, 0]);
    expect(client.channel('room').status.get()).toMatchObject({ state: 'closed' });
    expect(errors).toHaveLength(1);
    expect(seen).toEqual([]);
  });

  it('with a code that is unknown here is told with its sentence', async () => {
    const { client, clock, errors, read } = stage({
      sub: (_, peer) => peer.send(unsubbed('moon-phase', false, { message: 'Not tonight.' })),
    });
    read('room');
    await clock.advance(0);
    expect(client.channel('room').status.get()).toMatchObject({ state: 'closed', error: { message: 'Not tonight.' } });
    expect(errors).toHaveLength(1);
  });

  it('leaves other channels alone, and a new listener may ask again', async () => {
    const { client, clock, server, read } = stage({
      sub: (frame, peer) => peer.send(frame.c === 'room' ? unsubbed('forbidden', false) : subbed(frame)),
    });
    read('room');
    const other = read('other');
    await clock.advance(0);
    server.peer.send(msg('other', 1));
    await clock.advance(0);
    expect(other).toHaveLength(1);
    server.follow({ sub: (frame, peer) => peer.send(subbed(frame)) });
    const seen = read('room');
    await clock.advance(0);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    server.peer.send(msg('room', 1));
    await clock.advance(0);
    expect(seen).toHaveLength(1);
    expect(server.peer.got('sub').map(({ c }) => c)).toEqual(['room', 'other', 'room']);
  });

  it('may end a subscription that was live', async () => {
    const { client, clock, server, errors, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(
      msg('room', 1),
      unsubbed('forbidden', false, { message: 'You were removed from the room.' }),
      msg('room', 2),
    );
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([1]);
    expect(client.channel('room').status.get()).toMatchObject({ state: 'closed', error: { code: 'forbidden' } });
    expect(errors[0]?.message).toBe('You were removed from the room.');
  });
});

describe('unsubbed for now', () => {
  it('is asked again by the backoff, with the cursor', async () => {
    const { client, clock, server, errors, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.follow({ sub: (_, peer) => peer.send(unsubbed('unavailable', true)) });
    server.peer.send(msg('room', 1), unsubbed('unavailable', true));
    await clock.advance(0);
    expect(client.channel('room').status.get()).toEqual({ state: 'recovering', why: 'reconnect' });
    const counts: number[] = [];
    for (const wait of [500, 1000, 2000, 4000, 8000]) {
      await clock.advance(wait - 1);
      counts.push(server.peer.got('sub').length);
      await clock.advance(1);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5]);
    server.follow({ sub: (frame, peer) => peer.send(subbed(frame)) });
    await clock.advance(15_000);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    expect(server.peer.got('sub').at(-1)).toMatchObject({ cur: ['epoch', 1, 't-1'] });
    server.peer.send(msg('room', 2));
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([1, 2]);
    expect(errors).toEqual([]);
  });

  it('is asked again no sooner than the server says, however often it says so', async () => {
    const { clock, server, read } = stage({ sub: (_, peer) => peer.send(unsubbed('rate-limited', true, { after: 5000 })) });
    read('room');
    await clock.advance(0);
    await clock.advance(5499);
    expect(server.peer.got('sub')).toHaveLength(1);
    await clock.advance(1);
    expect(server.peer.got('sub')).toHaveLength(2);
    await clock.advance(5999);
    expect(server.peer.got('sub')).toHaveLength(2);
    await clock.advance(1);
    expect(server.peer.got('sub')).toHaveLength(3);
  });

  it('is asked again in the opening of another connection, and not twice', async () => {
    const { client, clock, server, read } = stage({
      sub: (_, peer) => peer.send(unsubbed('unavailable', true, { after: 3000 })),
    });
    read('room');
    await clock.advance(0);
    server.follow({ sub: (frame, peer) => peer.send(subbed(frame)) });
    server.peer.die();
    await clock.advance(10_000);
    expect(server.peers.map((peer) => peer.got('sub').length)).toEqual([1, 1]);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
  });

  it('is not asked again once nobody listens', async () => {
    const { client, clock, server } = stage({ sub: (_, peer) => peer.send(unsubbed('unavailable', true, { after: 3000 })) });
    const stop = client.channel('room').subscribeAll(() => {});
    await clock.advance(0);
    stop();
    await clock.advance(10_000);
    expect(server.peer.got('sub')).toHaveLength(1);
    expect(client.channel('room').status.get()).toEqual({ state: 'idle' });
  });
});
