export { createServer } from './node/create-server.ts';
export * from './core.ts';

export type { AttachOptions } from './node/attach.ts';
export type { Server } from './node/create-server.ts';
export type { WebRTCServerOptions } from './node/webrtc.ts';
