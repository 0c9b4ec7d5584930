import { describe, expect, it } from 'vitest';
import { roomFor } from '../../../src/outbox/room.ts';
import { DEFAULT_LIMITS } from '../../../src/protocol/frame.ts';

const LIMITS = { ...DEFAULT_LIMITS, items: 64, batch: 262_144 };
const lane = (inFlight: number, inFlightBytes = 0, suspect = false) => ({ inFlight, inFlightBytes, suspect });

describe('room for the next batch', () => {
  it.each([
    ['nothing under way: the limits of the server', [], 64, 262_144],
    ['much under way in several lanes: what is left of 256', [lane(64), lane(64), lane(64), lane(54)], 10, 262_144],
    ['all of it', [lane(64), lane(64), lane(64), lane(64)], 0, 262_144],
    ['bytes: what is left of 1 MiB', [lane(1, 1_000_000)], 64, 48_576],
    ['more bytes than that', [lane(1, 2_000_000)], 64, -951_424],
    ['a lane under suspicion, nothing under way: one', [lane(0), lane(0, 0, true)], 1, 262_144],
    ['a lane under suspicion, one under way: none', [lane(1), lane(0, 0, true)], 0, 262_144],
  ] as const)('%s', (_, lanes, items, bytes) => {
    expect(roomFor(lanes, LIMITS, 0)).toEqual({ items, bytes });
  });

  it('two lanes under suspicion share the one place', () => {
    expect(roomFor([lane(1, 0, true), lane(0, 0, true)], LIMITS, 0).items).toBe(0);
  });

  it('a full network: nothing more, unless nothing is under way whose answer would go on with it', () => {
    expect(roomFor([lane(1)], LIMITS, 1_048_577).items).toBe(0);
    expect(roomFor([lane(0)], LIMITS, 1_048_577).items).toBe(64);
  });

  it('a server that takes less gets less', () => {
    expect(roomFor([], { ...LIMITS, items: 3, batch: 100 }, 0)).toEqual({ items: 3, bytes: 100 });
  });
});
