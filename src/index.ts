export { composeClient } from './client.ts';
export { createClient } from './create-client.ts';
export { HoldfastError, isHoldfastError } from './errors.ts';
export { memoryOutbox } from './outbox/memory-store.ts';
export { json } from './protocol/json.ts';
export { webSocket } from './transports/websocket.ts';
export type {
  Channel,
  Client,
  ClientOptions,
  Codec,
  ComposeOptions,
  Cursor,
  Environment,
  ErrorCode,
  Message,
  Outcome,
  OutboxStore,
  Readable,
  Receipt,
  Reset,
  Status,
  Stop,
  Transport,
} from './types.ts';
