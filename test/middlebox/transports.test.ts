import { longPolling, sse, webSocket } from '../../src/index.ts';
import { transportContract } from '../contract/transport.ts';
import { startHaproxy } from '../support/middlebox.ts';
import { own } from './journey.ts';

const inTurns = { servers: 3, front: async (ports: readonly number[]): Promise<number> => own(await startHaproxy(ports)).port };
const inOne = { ownSubscriptions: 'one request names all that is subscribed' };

transportContract('WebSocket behind HAProxy, in turns', { ...inTurns, make: () => webSocket() });
transportContract('server-sent events behind HAProxy, in turns', { ...inTurns, make: () => sse(), lacks: inOne });
transportContract('long polling behind HAProxy, in turns', { ...inTurns, make: () => longPolling(), lacks: inOne });
