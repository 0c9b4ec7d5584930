const core = ['composeClient', 'webSocket', 'json'];

/**
 * What may be imported together, and how many bytes it may cost: minified, gzip -9, dependencies included.
 * `without` lists words that the bundle must not contain: proof that an unused part stays behind. Of a set with `beyond`
 * only what it adds to the set that consists of those names is counted. `plus` are the names of another entry in the same
 * bundle; packages in `external` are not counted.
 *
 * @type {readonly { label: string, from: string, names: readonly string[], limit: number, without?: readonly string[],
 *   beyond?: readonly string[], plus?: { from: string, names: readonly string[] }, external?: readonly string[] }[]}
 */
export const importSets = [
  {
    label: 'the core: `composeClient`, `webSocket`, `json`',
    from: 'holdfast',
    names: core,
    limit: 50_176,
    without: ['event-stream', 'long-polling', 'no-store', 'getReader', 'createDataChannel', 'msgpack', 'proxy_buffering'],
  },
  {
    label: '`sse` and `longPolling`, beyond the core',
    from: 'holdfast',
    names: [...core, 'sse', 'longPolling'],
    beyond: core,
    limit: 3584,
    without: ['createDataChannel'],
  },
  {
    label: '`composeClient`, `longPolling`, `json`',
    from: 'holdfast',
    names: ['composeClient', 'longPolling', 'json'],
    limit: 51_872,
    without: ['binaryType', 'event-stream', 'getReader', 'createDataChannel'],
  },
  {
    label: '`webRTC`, beyond the core',
    from: 'holdfast',
    names: [...core, 'webRTC'],
    beyond: core,
    limit: 1712,
    without: ['event-stream', 'long-polling'],
  },
  {
    label: '`diagnose`, beyond the core',
    from: 'holdfast',
    names: [...core, 'diagnose'],
    beyond: core,
    limit: 7860,
    without: ['createDataChannel', 'getReader'],
  },
  {
    label: '`indexedDBOutbox`, beyond the core',
    from: 'holdfast',
    names: [...core, 'indexedDBOutbox'],
    beyond: core,
    limit: 1408,
    without: ['createDataChannel', 'getReader', 'keyval-store'],
  },
  {
    label: '`createClient`',
    from: 'holdfast',
    names: ['createClient'],
    limit: 55_040,
    without: ['createDataChannel', 'proxy_buffering'],
  },
  {
    label: '`HoldfastError`, `isHoldfastError`',
    from: 'holdfast',
    names: ['HoldfastError', 'isHoldfastError'],
    limit: 1390,
    without: ['WebSocket', 'JSON.', 'subbed', 'setTimeout'],
  },
  { label: '`json`', from: 'holdfast', names: ['json'], limit: 855, without: ['WebSocket', 'subbed', 'retryable', 'setTimeout'] },
  { label: '`webSocket`', from: 'holdfast', names: ['webSocket'], limit: 2590, without: ['JSON.', 'Math.random', 'indexedDB'] },
  {
    label: '`holdfast/msgpack`',
    from: 'holdfast/msgpack',
    names: ['msgpack'],
    limit: 3945,
    without: ['WebSocket', 'subbed', 'retryable'],
  },
  {
    label: '`holdfast/react`, beyond the core',
    from: 'holdfast',
    names: core,
    plus: { from: 'holdfast/react', names: ['createHooks'] },
    beyond: core,
    external: ['react'],
    limit: 3250,
    without: ['event-stream', 'getReader'],
  },
  {
    label: '`Provider`, `useSubscription`, `usePublish`, `useStatus` of `holdfast/react`, beyond the core',
    from: 'holdfast',
    names: core,
    plus: { from: 'holdfast/react', names: ['Provider', 'useSubscription', 'usePublish', 'useStatus'] },
    beyond: core,
    external: ['react'],
    limit: 775,
    without: ['loadOlder', 'getReader'],
  },
  {
    label: '`holdfast/vue`, beyond the core',
    from: 'holdfast',
    names: core,
    plus: { from: 'holdfast/vue', names: ['createHooks'] },
    beyond: core,
    external: ['vue'],
    limit: 3290,
    without: ['event-stream', 'getReader'],
  },
  {
    label: '`plugin`, `useSubscription`, `usePublish`, `useStatus` of `holdfast/vue`, beyond the core',
    from: 'holdfast',
    names: core,
    plus: { from: 'holdfast/vue', names: ['plugin', 'useSubscription', 'usePublish', 'useStatus'] },
    beyond: core,
    external: ['vue'],
    limit: 900,
    without: ['loadOlder', 'getReader'],
  },
];

/** What a page loads as it is, everything in it. */
export const scripts = [
  { label: '`holdfast.global.js`', file: 'dist/holdfast.global.js', limit: 65_824 },
  { label: '`holdfast.module.js`', file: 'dist/holdfast.module.js', limit: 65_824 },
];
