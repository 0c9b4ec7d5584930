// Holds I11 (docs/guarantees.md).
import { longPolling, sse, webSocket } from '../../src/index.ts';
import { transportContract } from '../contract/transport.ts';

const directly = { servers: 1, front: async ([port]: readonly number[]): Promise<number> => port! };
const inOne = { ownSubscriptions: 'one request names all that is subscribed' };

transportContract('WebSocket', { ...directly, make: () => webSocket() });
transportContract('server-sent events', { ...directly, make: () => sse(), lacks: inOne });
transportContract('long polling', { ...directly, make: () => longPolling(), lacks: inOne });
