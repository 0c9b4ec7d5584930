import { longPolling, sse, webSocket } from '../../src/index.ts';
import { transportContract } from '../contract/transport.ts';

const directly = { servers: 1, front: async ([port]: readonly number[]): Promise<number> => port! };

transportContract('WebSocket', { ...directly, make: () => webSocket() });
transportContract('server-sent events', { ...directly, make: () => sse() });
transportContract('long polling', { ...directly, make: () => longPolling() });
