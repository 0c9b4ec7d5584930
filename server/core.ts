/** The server without anything of Node: `holdfast/server/core`. */
export { memoryBroker } from './brokers/memory.ts';
export { reject } from './rejection.ts';
export { createServerCore } from './server.ts';

export type { MemoryBrokerOptions } from './brokers/memory.ts';
export type { Inflater } from './environment.ts';
export type { ExchangeListener, HeaderTable } from './http/exchange.ts';
export type { RejectOptions } from './rejection.ts';
export type { RequestContext, RequestHandler, RequestHandlers } from './request-types.ts';
export type { ServerMember } from './presence-member.ts';
export type {
  Answer,
  Broker,
  ChannelRule,
  Codec,
  Context,
  Credentials,
  DrainOptions,
  Encoded,
  EventRules,
  Exchange,
  FetchOptions,
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
