export { composeClient } from './client.ts';
export { createClient } from './create-client.ts';
export { defineContract } from './contract/define.ts';
export { diagnose } from './diagnose/diagnose.ts';
export { HoldfastError, isHoldfastError } from './errors.ts';
export { indexedDBOutbox } from './outbox/indexeddb-store.ts';
export { memoryOutbox } from './outbox/memory-store.ts';
export { json } from './protocol/json.ts';
export { longPolling } from './transports/long-polling.ts';
export { sse } from './transports/sse.ts';
export { webRTC } from './transports/webrtc.ts';
export { webSocket } from './transports/websocket.ts';
export type {
  Channel,
  ChannelOptions,
  ChannelStatus,
  Check,
  Choice,
  Client,
  ClientOptions,
  Codec,
  ComposeOptions,
  Contract,
  ContractType,
  Cursor,
  DiagnoseOptions,
  Diagnosis,
  Environment,
  ErrorCode,
  HistoryOptions,
  HistoryPage,
  KeyRange,
  Member,
  Message,
  MessageOf,
  OpenStore,
  Outbox,
  OutboxEntry,
  Outcome,
  OutboxOptions,
  OutboxStatus,
  OutboxStore,
  Presence,
  PresenceEvent,
  PublishOptions,
  Readable,
  Reason,
  Receipt,
  ReceiptState,
  RequestOptions,
  Reset,
  Snapshot,
  SnapshotContext,
  Status,
  Stop,
  Store,
  StoreContext,
  StoreDefinition,
  StoreKey,
  StoreProblem,
  StoreRow,
  StoreStatus,
  StoreWrite,
  SubscribeOptions,
  Trace,
  Transport,
  UiStatus,
  Untyped,
} from './types.ts';
