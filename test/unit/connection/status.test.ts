import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/connection/status.ts';
import { DOUBTED, HELD, NOW, reason, stateOf } from './facts.ts';

const lost = reason(1006);

describe('what the app is told', () => {
  it.each([
    ['idle', stateOf('idle'), { state: 'idle' }],
    ['paused', stateOf('paused'), { state: 'idle' }],
    ['the first attempt', stateOf('preparing'), { state: 'connecting', attempt: 1, transport: 'websocket', reason: null }],
    [
      'the fourth, after a loss',
      stateOf('opening', { failures: 3, reason: lost }),
      { state: 'connecting', attempt: 4, transport: 'websocket', reason: lost },
    ],
    ['proving', stateOf('proving'), { state: 'connected', transport: 'websocket', since: NOW - 1000, roundTrip: 42 }],
    ['stable', stateOf('stable'), { state: 'connected', transport: 'websocket', since: NOW - 60_000, roundTrip: 42 }],
    ['doubting', stateOf('doubting'), { state: 'connected', transport: 'websocket', since: HELD.since, roundTrip: 42 }],
    [
      'preparing beside a doubtful one',
      { ...stateOf('preparing'), held: DOUBTED },
      { state: 'connected', transport: 'websocket', since: HELD.since, roundTrip: 42 },
    ],
    [
      'opening beside a doubtful one',
      { ...stateOf('opening', { failures: 2, reason: lost }), held: DOUBTED },
      { state: 'connected', transport: 'websocket', since: HELD.since, roundTrip: 42 },
    ],
    ['resting', stateOf('resting'), { state: 'idle' }],
    [
      'waiting',
      stateOf('waiting', { failures: 1, reason: lost }),
      { state: 'waiting', attempt: 2, retryAt: NOW + 20_000, reason: lost },
    ],
    [
      'offline',
      stateOf('offline', { failures: 1, reason: lost }),
      { state: 'offline', attempt: 2, retryAt: NOW + 20_000, reason: lost },
    ],
    ['closed', stateOf('closed'), { state: 'closed', reason: reason(4403) }],
  ])('%s', (_, state, expected) => {
    expect(statusOf(state, 'websocket', 42)).toEqual(expected);
  });

  it('does not change between proving and stable, nor between preparing and opening', () => {
    const { memory, rung, since } = stateOf('proving');
    expect(statusOf({ state: 'stable', memory, rung, since, until: null }, 'websocket', 7)).toEqual(
      statusOf(stateOf('proving'), 'websocket', 7),
    );
    expect(statusOf(stateOf('opening'), 'websocket', null)).toEqual(statusOf(stateOf('preparing'), 'websocket', null));
  });

  it('holds no round trip before it is measured', () => {
    expect(statusOf(stateOf('stable'), 'websocket', null)).toMatchObject({ roundTrip: null });
  });
});
