import type { Status } from '../types.ts';
import { type State, heldOf } from './state.ts';

/** What the app is told of a state. */
export function statusOf(state: State, transport: string, roundTrip: number | null): Status {
  // While another one is opened beside it, all that is new is a doubt about it.
  const held = heldOf(state);
  if (held !== null) return { state: 'connected', transport, since: held.since, roundTrip };
  switch (state.state) {
    case 'preparing':
    case 'opening':
      return { state: 'connecting', attempt: state.memory.failures + 1, transport, reason: state.memory.reason };
    case 'waiting':
    case 'offline': {
      const { failures, reason } = state.memory;
      // `waiting` is only ever entered by the end of a connection or attempt, which leaves its reason.
      return { state: state.state, attempt: failures + 1, retryAt: state.until, reason: reason! };
    }
    case 'closed':
      return { state: 'closed', reason: state.reason };
    default:
      return { state: 'idle' };
  }
}
