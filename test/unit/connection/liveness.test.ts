import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Liveness, createLiveness } from '../../../src/connection/liveness.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { ClientFrame } from '../../../src/protocol/frame.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

const PING = 25_000;
let clock: VirtualClock;
let sent: ClientFrame[];
let roundTrips: number[];
let silences: number[];
let liveness: Liveness;

beforeEach(() => {
  clock = createVirtualClock(0);
  [sent, roundTrips, silences] = [[], [], []];
  const { now, setTimeout, clearTimeout } = clock;
  liveness = createLiveness({
    environment: createEnvironment({ now, setTimeout, clearTimeout }),
    ping: PING,
    send: (frame) => sent.push(frame),
    onRoundTrip: (ms) => roundTrips.push(ms),
    onSilence: () => silences.push(clock.now()),
  });
});
afterEach(() => {
  liveness.stop();
  expect(clock.pending).toBe(0);
});

describe('silence', () => {
  it('is told once, ping + 10 s after the last frame, and nothing is asked before', async () => {
    await clock.advance(20_000);
    liveness.alive();
    await clock.advance(34_999);
    expect(silences).toEqual([]);
    await clock.advance(200_000);
    expect(silences).toEqual([55_000]);
    expect(sent).toEqual([]);
  });

  it('costs one timer, however many frames come', async () => {
    for (let frame = 0; frame < 1000; frame += 1) liveness.alive();
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(clock.pending).toBe(1);
  });

  it('is not told as long as frames come, each just in time', async () => {
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(34_999);
      liveness.alive();
    }
    expect(silences).toEqual([]);
  });

  it('is not told once stopped', async () => {
    liveness.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(100_000);
    expect(silences).toEqual([]);
  });
});

describe('sleep', () => {
  it('asks first, and believes an answer', async () => {
    clock.sleep(8 * 3_600_000);
    await clock.advance(0);
    expect(sent).toEqual([{ t: 'ping', x: 1 }]);
    await clock.advance(500);
    liveness.alive();
    await clock.advance(30_000);
    expect(silences).toEqual([]);
  });

  it('asks first, and tells of silence 2 s later', async () => {
    clock.sleep(8 * 3_600_000);
    const woke = clock.now();
    await clock.advance(10_000);
    expect(silences).toEqual([woke + 2000]);
  });

  it('shorter than what is left is no matter', async () => {
    clock.sleep(30_000);
    await clock.advance(4999);
    expect([sent, silences]).toEqual([[], []]);
  });
});

describe('a check', () => {
  it('asks at once, with a verdict after 2 s', async () => {
    await clock.advance(5000);
    liveness.check();
    expect(sent).toEqual([{ t: 'ping', x: 1 }]);
    await clock.advance(1999);
    expect(silences).toEqual([]);
    await clock.advance(1);
    expect(silences).toEqual([7000]);
  });

  it('is passed by any frame, and then the usual silence counts from that frame', async () => {
    liveness.check();
    await clock.advance(1000);
    liveness.alive();
    await clock.advance(34_999);
    expect(silences).toEqual([]);
    await clock.advance(1);
    expect(silences).toEqual([36_000]);
  });

  it('during a check changes nothing: hints in a row must not put the verdict off', async () => {
    await clock.advance(5000);
    liveness.check();
    for (let hint = 0; hint < 4; hint += 1) {
      await clock.advance(499);
      liveness.check();
    }
    expect(sent).toHaveLength(1);
    await clock.advance(4);
    expect(silences).toEqual([7000]);
  });
});

describe('the round trip', () => {
  it('is measured by the answer to the last ping', async () => {
    liveness.measure();
    await clock.advance(120);
    liveness.answered(1);
    expect(roundTrips).toEqual([120]);
  });

  it.each([
    ['an older ping', 1],
    ['a ping that was never sent', 99],
    ['no ping', undefined],
  ])('is not measured by the answer to %s', async (_, x) => {
    liveness.measure();
    await clock.advance(50);
    liveness.measure();
    await clock.advance(50);
    liveness.answered(x);
    expect(roundTrips).toEqual([]);
  });
});
