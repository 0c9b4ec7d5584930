import type { Status } from '../types.ts';
import type { State } from './state.ts';

/** What the app is told of a state. */
export function statusOf(state: State, transport: string, roundTrip: number | null): Status {
  switch (state.state) {
    case 'idle':
    case 'paused':
    case 'resting':
      return { state: 'idle' };
    case 'preparing':
    case 'opening':
      // Another one is still open: all that is new is a doubt about it.
      if (state.held !== null) return { state: 'connected', transport, since: state.held.since, roundTrip };
      return { state: 'connecting', attempt: state.memory.failures + 1, transport, reason: state.memory.reason };
    case 'proving':
    case 'stable':
      return { state: 'connected', transport, since: state.since, roundTrip };
    case 'doubting':
      return { state: 'connected', transport, since: state.held.since, roundTrip };
    case 'waiting':
    case 'offline': {
      const { failures, reason } = state.memory;
      // `waiting` is only ever entered by the end of a connection or attempt, which leaves its reason.
      return { state: state.state, attempt: failures + 1, retryAt: state.until, reason: reason! };
    }
    case 'closed':
      return { state: 'closed', reason: state.reason };
  }
}
