import { longPolling, sse, webSocket } from '../../src/index.ts';
import { transportContract } from '../contract/transport.ts';
import { startHaproxy } from '../support/middlebox.ts';
import { own } from './journey.ts';

const inTurns = { servers: 3, front: async (ports: readonly number[]): Promise<number> => own(await startHaproxy(ports)).port };

transportContract('WebSocket behind HAProxy, in turns', { ...inTurns, make: () => webSocket() });
transportContract('server-sent events behind HAProxy, in turns', { ...inTurns, make: () => sse() });
transportContract('long polling behind HAProxy, in turns', { ...inTurns, make: () => longPolling() });
