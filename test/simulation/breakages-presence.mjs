/**
 * Faults in what is shown of who is there.
 * @type {readonly import('./breakages.mjs').Breakage[]}
 */
export const breakages = [
  {
    name: 'a-closed-connection-takes-what-another-holds',
    from: 1,
    edits: [
      {
        file: 'server/brokers/memory-presence.ts',
        find: 'if (leases?.has(holder)) leases.set(holder, Math.min(leases.get(holder)!, until));',
        replace: 'if (leases?.has(holder)) for (const each of leases.keys()) leases.set(each, 0);',
      },
    ],
  },
  {
    name: 'forgets-who-has-left',
    from: 46,
    edits: [
      {
        file: 'server/brokers/memory-presence.ts',
        find: 'this.#entries.set(key, { key, k, id, present: null, leases: new Map([[NOBODY, until]]) });',
        replace: 'if (until > 0) return;',
      },
    ],
  },
  {
    name: 'no-grace',
    from: 24,
    edits: [{ file: 'server/presence-leases.ts', find: 'export const GRACE = 10_000;', replace: 'export const GRACE = 0;' }],
  },
  {
    name: 'leases-never-end',
    from: 1,
    edits: [{ file: 'server/brokers/memory-presence.ts', find: 'if (until <= now) entry', replace: 'if (until < 0) entry' }],
  },
  {
    name: 'never-renews',
    from: 1,
    edits: [
      {
        file: 'server/presence-leases.ts',
        find: 'this.#dueAt = now + RENEWAL;\n    for',
        replace: 'this.#dueAt = Infinity;\n    for',
      },
    ],
  },
  {
    name: 'takes-what-is-late-for-news',
    from: 46,
    edits: [
      {
        file: 'server/brokers/memory-presence.ts',
        find: 'if (known !== undefined && k <= known.k) {',
        replace: 'if (known !== undefined && k === known.k) {',
      },
    ],
  },
  {
    name: 'does-not-enter-again-after-a-failover',
    from: 351,
    edits: [{ file: 'src/client.ts', find: 'this.#presences.recheck();', replace: '' }],
  },
  {
    name: 'polls-that-hold-nobody',
    from: 11,
    edits: [
      {
        file: 'src/client.ts',
        find: '[...this.#channels.opening(gen), ...this.#presences.opening(gen)]',
        replace: 'this.#channels.opening(gen)',
      },
    ],
  },
  {
    name: 'streams-that-hold-nobody',
    from: 9,
    edits: [
      {
        file: 'src/connection/line.ts',
        find: "if (frame.t === 'pres' && frame.op === 'enter') this.#link.reopen?.();",
        replace: '',
      },
    ],
  },
  {
    name: 'does-not-see-that-it-missed-a-change',
    from: 166,
    edits: [
      { file: 'server/presence-roster.ts', find: 'if (previous !== this.#latest) return this.onDoubt();', replace: '' },
      { file: 'server/presence-roster.ts', find: 'else this.#check();', replace: '' },
    ],
  },
];
