export { memoryBroker } from './brokers/memory.ts';
export { createServer } from './node/create-server.ts';
export { reject } from './rejection.ts';
export { createServerCore } from './server.ts';

export type { MemoryBrokerOptions } from './brokers/memory.ts';
export type { Inflater } from './environment.ts';
export type { ExchangeListener, HeaderTable } from './http/exchange.ts';
export type { AttachOptions } from './node/attach.ts';
export type { Server } from './node/create-server.ts';
export type { WebRTCServerOptions } from './node/webrtc.ts';
export type { RejectOptions } from './rejection.ts';
export type {
  Answer,
  Broker,
  ChannelRule,
  Codec,
  Context,
  Credentials,
  DrainOptions,
  Encoded,
  Exchange,
  FetchOptions,
  EventRules,
  Mode,
  PublishOptions,
  ServerCore,
  ServerEnvironment,
  ServerEvent,
  ServerLimits,
  ServerLine,
  ServerOptions,
  ServerSocket,
  ServerTiming,
  Session,
  SocketInfo,
  SocketKind,
  Turned,
} from './types.ts';
