/**
 * What may be imported together, and how many bytes it may cost: minified, gzip -9, dependencies included.
 * `without` lists words that the bundle must not contain: proof that an unused part stays behind.
 *
 * @type {readonly { label: string, from: string, names: readonly string[], limit: number, without?: readonly string[] }[]}
 */
export const importSets = [
  {
    label: 'the core: `composeClient`, `webSocket`, `json`',
    from: 'holdfast',
    names: ['composeClient', 'webSocket', 'json'],
    limit: 26_624,
    without: ['createDataChannel'],
  },
  {
    label: 'the core and `webRTC`',
    from: 'holdfast',
    names: ['composeClient', 'webSocket', 'json', 'webRTC'],
    limit: 29_184,
  },
  { label: '`createClient`', from: 'holdfast', names: ['createClient'], limit: 26_624, without: ['createDataChannel'] },
  {
    label: '`HoldfastError`, `isHoldfastError`',
    from: 'holdfast',
    names: ['HoldfastError', 'isHoldfastError'],
    limit: 2048,
    without: ['WebSocket', 'JSON.', 'subbed', 'setTimeout'],
  },
  { label: '`json`', from: 'holdfast', names: ['json'], limit: 896, without: ['WebSocket', 'subbed', 'retryable', 'setTimeout'] },
  { label: '`webSocket`', from: 'holdfast', names: ['webSocket'], limit: 3072, without: ['JSON.', 'Math.random', 'indexedDB'] },
  {
    label: '`holdfast/msgpack`',
    from: 'holdfast/msgpack',
    names: ['msgpack'],
    limit: 4608,
    without: ['WebSocket', 'subbed', 'retryable'],
  },
];

/** The script for a `<script>` tag, everything in it. */
export const globalScript = { label: '`holdfast.global.js`', file: 'dist/holdfast.global.js', limit: 29_184 };
