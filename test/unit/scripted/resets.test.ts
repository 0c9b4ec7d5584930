import { describe, expect, it } from 'vitest';
import type { Cursor, Reset } from '../../../src/index.ts';
import type { Gap, ResetReason } from '../../../src/protocol/frame.ts';
import { entry, msg, subbed } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();
const gap = (offset: number, why: ResetReason = 'trimmed', epoch = 'epoch'): Gap => ({
  t: 'gap',
  c: 'room',
  cur: [epoch, offset, `t-${offset}`],
  why,
});

describe('gap', () => {
  it.each(['trimmed', 'epoch', 'ahead', 'branch', 'busy'] as const)('%s is told before any further message', async (why) => {
    const { client, clock, server, read } = stage();
    const told: unknown[] = [];
    client.on('reset', (reset) => told.push(reset));
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(msg('room', 1), gap(9, why, 'next'), msg('room', 10));
    await clock.advance(0);
    expect(told).toEqual([{ channel: 'room', why, cursor: { epoch: 'next', offset: 9, tag: 't-9' } }]);
    expect(seen.map(({ cursor }) => [cursor?.epoch, cursor?.offset])).toEqual([
      ['epoch', 1],
      ['next', 10],
    ]);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    server.peer.die();
    await clock.advance(1000);
    expect(server.peer.got('sub')).toMatchObject([{ cur: ['next', 10, 't-10'] }]);
  });

  it('holds what comes until the app has loaded again', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    let loaded = (): void => {};
    const resets: Reset[] = [];
    client.channel('room').onReset((reset) => {
      resets.push(reset);
      return new Promise<void>((resolve) => (loaded = resolve));
    });
    await clock.advance(0);
    server.peer.send(gap(9), msg('room', 10), { t: 'tell', c: 'room', id: 'v', e: 'message', d: 'volatile' }, msg('room', 11));
    await clock.advance(5000);
    expect(client.channel('room').status.get()).toEqual({ state: 'recovering', why: 'trimmed' });
    expect(seen).toEqual([]);
    loaded();
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([10, 11]);
    expect(resets).toEqual([{ channel: 'room', why: 'trimmed', cursor: { epoch: 'epoch', offset: 9, tag: 't-9' } }]);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    expect(server.peer.got('sub')).toHaveLength(1);
  });

  it('goes on from the cursor that the app loaded', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    const cursor: Cursor = { epoch: 'epoch', offset: 7, tag: 't-7' };
    client.channel('room').onReset(() => cursor);
    await clock.advance(0);
    server.follow({ sub: (frame, peer) => peer.send(subbed(frame, { items: [entry(8), entry(9), entry(10)] })) });
    server.peer.send(gap(9), msg('room', 10));
    await clock.advance(0);
    expect(server.peer.got('sub').at(-1)).toMatchObject({ cur: ['epoch', 7, 't-7'] });
    expect(seen.map(({ data }) => data)).toEqual([8, 9, 10]);
  });

  it('during another one has the app called again, once, with the newest place', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    const loads: { readonly offset: number; readonly done: () => void }[] = [];
    client.channel('room').onReset(({ cursor }) => new Promise<void>((done) => loads.push({ offset: cursor.offset, done })));
    await clock.advance(0);
    server.peer.send(gap(9), msg('room', 10), gap(20, 'branch'), msg('room', 21));
    await clock.advance(0);
    expect(loads.map(({ offset }) => offset)).toEqual([9]);
    loads[0]!.done();
    await clock.advance(0);
    expect(loads.map(({ offset }) => offset)).toEqual([9, 20]);
    expect(seen).toEqual([]);
    loads[1]!.done();
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([21]);
  });

  it('three times without a message between makes the channel rest, and then ask from its newest place', async () => {
    const { client, clock, server, errors, read } = stage();
    const told: number[] = [];
    client.on('reset', ({ cursor }) => told.push(cursor.offset));
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(gap(10), gap(20), gap(30), gap(40), msg('room', 41));
    await clock.advance(0);
    expect(told).toEqual([10, 20, 30]);
    expect(errors.map(({ code }) => code)).toEqual(['too-slow']);
    expect(server.peer.got('unsub')).toEqual([{ t: 'unsub', c: 'room' }]);
    expect(seen).toEqual([]);
    await clock.advance(1999);
    expect(server.peer.got('sub')).toHaveLength(1);
    await clock.advance(1);
    expect(server.peer.got('sub').at(-1)).toMatchObject({ cur: ['epoch', 30, 't-30'] });
    server.peer.send(msg('room', 31));
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([31]);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
  });
});

describe('a resume that is impossible', () => {
  it.each([
    ['ok: false', { ok: false, why: 'branch' }, 'branch'],
    ['ok: false without a reason', { ok: false }, 'epoch'],
    ['a fresh start in answer to a cursor', { ok: null }, 'epoch'],
  ] as const)('(%s) is a reset', async (_, answer, why) => {
    const { client, clock, server, read } = stage();
    const told: Reset[] = [];
    client.on('reset', (reset) => told.push(reset));
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(msg('room', 1));
    await clock.advance(0);
    server.follow({
      sub: (frame, peer) =>
        peer.send(subbed(frame, { ...answer, cur: ['other', 50, 't-50'], items: [entry(50)] }), msg('room', 51)),
    });
    server.peer.die();
    await clock.advance(1000);
    expect(server.peer.got('sub')).toMatchObject([{ cur: ['epoch', 1, 't-1'] }]);
    expect(told).toEqual([{ channel: 'room', why, cursor: { epoch: 'other', offset: 50, tag: 't-50' } }]);
    expect(seen.map(({ data, cursor }) => [data, cursor?.epoch])).toEqual([
      [1, 'epoch'],
      [51, 'other'],
    ]);
  });
});
