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
let doubts: number[];
let lives: number[];
let liveness: Liveness;
/** The wall clock was set by so many ms. Timers go on as they were. */
let set: number;

beforeEach(() => {
  clock = createVirtualClock(0);
  [sent, roundTrips, silences, doubts, lives] = [[], [], [], [], []];
  set = 0;
  const { setTimeout, clearTimeout } = clock;
  const now = (): number => clock.now() + set;
  liveness = createLiveness({
    environment: createEnvironment({ now, setTimeout, clearTimeout }),
    ping: PING,
    send: (frame) => sent.push(frame),
    reopen: null,
    roundTrip: 0,
    onRoundTrip: (ms) => roundTrips.push(ms),
    onDoubt: () => doubts.push(clock.now()),
    onLife: () => lives.push(clock.now()),
    onSilence: () => silences.push(clock.now()),
  });
});
afterEach(() => {
  liveness.stop();
  expect(clock.pending).toBe(0);
});

describe('silence', () => {
  it('is asked about ping + 6 s after the last frame, and told once, at ping + 10 s', async () => {
    await clock.advance(20_000);
    liveness.alive();
    await clock.advance(30_999);
    expect([sent, doubts, silences]).toEqual([[], [], []]);
    await clock.advance(1);
    expect([sent, doubts]).toEqual([[{ t: 'ping', x: 1 }], [51_000]]);
    await clock.advance(200_000);
    expect([doubts, silences, lives]).toEqual([[51_000], [55_000], []]);
    expect(sent).toHaveLength(1);
  });

  it('costs one timer, however many frames come', async () => {
    for (let frame = 0; frame < 1000; frame += 1) liveness.alive();
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(clock.pending).toBe(1);
  });

  it('is not asked about as long as frames come, each just in time', async () => {
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(30_999);
      liveness.alive();
    }
    expect([sent, doubts, silences, lives]).toEqual([[], [], [], []]);
  });

  it('is not told once stopped', async () => {
    liveness.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(100_000);
    expect([doubts, silences]).toEqual([[], []]);
  });

  it('that an answer breaks is no more: the next one is asked about like the first', async () => {
    await clock.advance(31_000);
    liveness.answered(1);
    expect(lives).toEqual([31_000]);
    await clock.advance(30_999);
    expect(doubts).toEqual([31_000]);
    await clock.advance(4001);
    expect([doubts, silences]).toEqual([[31_000, 62_000], [66_000]]);
  });

  it('after the clock was set back by an hour, in a page that heard of nothing, is told all the same', async () => {
    await clock.advance(10_000);
    liveness.alive();
    set = -3_600_000;
    // It cannot tell when the last frame came, so it may count from its next look.
    await clock.advance(2 * 31_000 + 4000);
    expect(silences).toHaveLength(1);
  });
});

describe('sleep', () => {
  const NIGHT = 8 * 3_600_000;

  it('asks first, and believes an answer', async () => {
    clock.sleep(NIGHT);
    await clock.advance(0);
    expect([sent, doubts]).toEqual([[{ t: 'ping', x: 1 }], [NIGHT]]);
    await clock.advance(100);
    liveness.answered(1);
    expect(lives).toEqual([NIGHT + 100]);
    await clock.advance(30_000);
    expect(silences).toEqual([]);
  });

  it('asks first, and tells of silence 2 s later', async () => {
    clock.sleep(NIGHT);
    await clock.advance(10_000);
    expect(silences).toEqual([NIGHT + 2000]);
  });

  it('leaves frames behind that prove nothing: they were on their way before', async () => {
    clock.sleep(NIGHT);
    await clock.advance(0);
    for (let frame = 0; frame < 5; frame += 1) {
      await clock.advance(49);
      liveness.alive();
    }
    expect(lives).toEqual([]);
    await clock.advance(10_000);
    expect(silences).toEqual([NIGHT + 2000]);
  });

  it('shorter than what is left is no matter', async () => {
    clock.sleep(30_000);
    await clock.advance(999);
    expect([sent, doubts, silences]).toEqual([[], [], []]);
  });
});

describe('a check', () => {
  it('asks at once, with a verdict after 2 s, and is no doubt of its own', async () => {
    await clock.advance(5000);
    liveness.check();
    expect(sent).toEqual([{ t: 'ping', x: 1 }]);
    await clock.advance(1999);
    expect(silences).toEqual([]);
    await clock.advance(1);
    expect([silences, doubts]).toEqual([[7000], []]);
  });

  it('is passed by any frame that cannot be an old one, and then the usual silence counts from it', async () => {
    liveness.check();
    await clock.advance(249);
    liveness.alive();
    expect(lives).toEqual([]);
    await clock.advance(1);
    liveness.alive();
    liveness.alive();
    expect(lives).toEqual([250]);
    await clock.advance(34_999);
    expect(silences).toEqual([]);
    await clock.advance(1);
    expect(silences).toEqual([35_250]);
  });

  it('is passed at once by its answer', () => {
    liveness.check();
    liveness.answered(1);
    expect(lives).toEqual([0]);
  });

  it.each([
    ['what was asked before it', 1],
    ['nothing', undefined],
  ])('is not passed at once by the answer to %s', async (_, x) => {
    liveness.measure();
    await clock.advance(10_000);
    liveness.check();
    await clock.advance(100);
    liveness.answered(x);
    expect(lives).toEqual([]);
  });

  it('is passed at once by the answer to what was asked during it', async () => {
    liveness.check();
    await clock.advance(50);
    liveness.measure();
    liveness.answered(2);
    expect(lives).toEqual([50]);
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

  it('after a sleep asks anew, though one from before it is still to be judged', async () => {
    liveness.check();
    clock.sleep(60_000);
    liveness.check();
    expect(sent).toHaveLength(2);
    await clock.advance(1999);
    expect(silences).toEqual([]);
    await clock.advance(1);
    expect(silences).toEqual([62_000]);
  });

  it('of a silence that is asked about already brings its verdict forward', async () => {
    await clock.advance(31_100);
    liveness.check();
    expect(sent).toHaveLength(2);
    await clock.advance(2000);
    expect([doubts, silences]).toEqual([[31_000], [33_100]]);
  });

  it('gives a slow line three of its round trips, as they were last measured', async () => {
    liveness.measure();
    await clock.advance(1200);
    liveness.answered(1);
    liveness.check();
    await clock.advance(3599);
    expect(silences).toEqual([]);
    await clock.advance(1);
    expect(silences).toEqual([4800]);
  });

  it('whose verdict ran late asks again, and the answer to either question passes it at once', async () => {
    liveness.check();
    clock.sleep(60_000);
    await clock.advance(0);
    expect(sent).toEqual([
      { t: 'ping', x: 1 },
      { t: 'ping', x: 2 },
    ]);
    await clock.advance(10);
    liveness.answered(1);
    expect([lives, silences, roundTrips]).toEqual([[60_010], [], []]);
  });

  it('whose verdict ran late is not passed at once by what was asked before it', async () => {
    liveness.measure();
    liveness.check();
    clock.sleep(60_000);
    await clock.advance(10);
    liveness.answered(1);
    expect(lives).toEqual([]);
  });

  it('never puts the verdict on a silence off', async () => {
    await clock.advance(33_500);
    liveness.check();
    expect(sent).toHaveLength(1);
    await clock.advance(1500);
    expect(silences).toEqual([35_000]);
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
