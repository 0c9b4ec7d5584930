/** Who may import what at run time, and who may touch the platform. Types may be imported from anywhere, so that ports can name what is above them. */
export interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** Layers whose values it may use. */
  readonly imports: readonly string[];
  readonly packages?: RegExp;
  /** Files of its own layer that it may use. @default all */
  readonly own?: 'all' | 'same-folder' | 'none';
  /** Globals of {@link PLATFORM} that it may touch. @default none */
  readonly platform?: readonly string[] | 'all';
  /** A pure step: same arguments, same answer, at once. */
  readonly synchronous?: true;
}

/** Time, chance, network, storage and the page: what decides differently each time. */
export const PLATFORM: ReadonlySet<string> = new Set([
  ...[
    'Date',
    'Math.random',
    'crypto',
    'performance',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
  ],
  ...['requestAnimationFrame', 'requestIdleCallback', 'fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'RTCPeerConnection'],
  ...[
    'BroadcastChannel',
    'MessageChannel',
    'indexedDB',
    'IDBKeyRange',
    'localStorage',
    'sessionStorage',
    'caches',
    'navigator',
    'document',
  ],
  ...[
    'window',
    'self',
    'globalThis',
    'location',
    'history',
    'addEventListener',
    'DecompressionStream',
    'process',
    'Buffer',
    'console',
    'require',
  ],
]);

const logic = ['pure', 'protocol', 'errors'];
const core = [...logic, 'ports', 'util', 'calls'];
const clientSide = [...core, 'contract', 'platform', 'runtime', 'stores', 'transports', 'client', 'default client', 'diagnose'];

/** The first that fits a file is its layer; a file without one is a fault. */
export const LAYERS: readonly Layer[] = [
  { name: 'util', files: /^src\/util\//, imports: [] },
  { name: 'errors', files: /^src\/errors\.ts$/, imports: [] },
  // What the client leaves for diagnose(), and a constant.
  { name: 'internals', files: /^src\/(internals|version)\.ts$/, imports: [], own: 'none', synchronous: true },
  { name: 'types', files: /^src\/(types(\/|\.ts$)|contract\/(contract|schema)\.ts$)/, imports: [] },
  { name: 'contract', files: /^src\/contract\//, imports: ['errors', 'protocol', 'util'], synchronous: true },
  { name: 'protocol', files: /^src\/protocol\/msgpack/, imports: ['errors'], packages: /^@msgpack\/msgpack$/, synchronous: true },
  { name: 'protocol', files: /^src\/protocol\//, imports: ['errors'], synchronous: true },
  { name: 'ports', files: /^src\/(transports\/transport|outbox\/store)\.ts$/, imports: [], own: 'none', synchronous: true },
  {
    name: 'pure',
    files:
      /^src\/(connection\/(machine|moves|race|race-moves|ladder|backoff|state|status|ui-status|watchdog)|channel\/(cursor|step|optimistic)|outbox\/(lane|lane-rules|lane-types|record|rows|batch|outcome)|presence\/roster)\.ts$/,
    imports: logic,
    synchronous: true,
  },
  { name: 'platform', files: /^src\/platform\//, imports: ['protocol'], platform: 'all' },
  // Reads a date that a server wrote; not the time.
  { name: 'requests', files: /^src\/transports\/retry-after\.ts$/, imports: [], platform: ['Date'], synchronous: true },
  { name: 'requests', files: /^src\/transports\/(http|upstream)\.ts$/, imports: ['ports', 'protocol', 'util'] },
  {
    name: 'transports',
    files: /^src\/transports\/(sse|long-polling)\.ts$/,
    imports: ['ports', 'requests', 'protocol', 'util', 'errors'],
    own: 'none',
    packages: /^eventsource-parser$/,
  },
  {
    name: 'transports',
    files: /^src\/transports\/webrtc\.ts$/,
    imports: ['ports', 'requests', 'protocol', 'util', 'errors'],
    own: 'none',
  },
  { name: 'transports', files: /^src\/transports\//, imports: ['ports', 'protocol', 'util', 'errors'], own: 'none' },
  {
    name: 'stores',
    files: /^src\/outbox\/indexeddb-store\.ts$/,
    imports: ['ports', 'protocol', 'util', 'errors'],
    own: 'none',
    packages: /^idb-keyval$/,
  },
  { name: 'stores', files: /^src\/outbox\/[a-z]+-store\.ts$/, imports: ['ports', 'protocol', 'util', 'errors'], own: 'none' },
  // What the past and the requests have in common.
  { name: 'calls', files: /^src\/request\/calls\.ts$/, imports: [...logic, 'ports', 'util'] },
  {
    name: 'runtime',
    files: /^src\/(connection|channel|outbox|presence|request)\//,
    imports: core,
    own: 'same-folder',
    packages: /^eventemitter3$/,
  },
  {
    name: 'client',
    files: /^src\/(client|options|defaults)\.ts$/,
    // Neither a transport nor a durable store: what is not passed in is not bundled.
    imports: [...core, 'runtime', 'platform', 'internals', 'src/outbox/memory-store.ts'],
    packages: /^eventemitter3$/,
  },
  {
    name: 'findings',
    files: /^src\/diagnose\/(evidence|findings|causes|remedies|summary)\.ts$/,
    imports: [...logic, 'internals'],
    synchronous: true,
  },
  {
    name: 'diagnose',
    files: /^src\/diagnose\//,
    imports: [...core, 'findings', 'internals', 'src/platform/violations.ts', 'src/connection/opening.ts'],
  },
  { name: 'default client', files: /^src\/create-client\.ts$/, imports: clientSide },
  { name: 'public', files: /^src\/index\.ts$/, imports: clientSide },
  // Of the core only what every client has in its bundle anyway.
  { name: 'shared by adapters', files: /^adapters\/shared\//, imports: ['util', 'errors', 'internals'] },
  {
    name: 'adapters',
    files: /^adapters\/react\//,
    imports: ['shared by adapters'],
    own: 'same-folder',
    packages: /^react$/,
  },
  { name: 'adapters', files: /^adapters\/vue\//, imports: ['shared by adapters'], own: 'same-folder', packages: /^vue$/ },
  {
    name: 'server on Node',
    files: /^server\/node\//,
    imports: ['server', 'protocol'],
    packages: /^(ws$|node:|node-datachannel$)/,
    platform: 'all',
  },
  { name: 'server', files: /^server\/index\.ts$/, imports: ['server on Node', 'protocol', 'errors'] },
  {
    name: 'server',
    files: /^server\/environment\.ts$/,
    imports: ['protocol'],
    platform: ['Date', 'Math.random', 'crypto', 'setTimeout', 'clearTimeout', 'setImmediate', 'DecompressionStream'],
  },
  { name: 'server', files: /^server\/server\.ts$/, imports: ['protocol'], platform: ['console'] },
  { name: 'server', files: /^server\//, imports: ['protocol'] },
];
