/**
 * Faults in what waits on disk, and in what one page takes over from another.
 * @type {readonly import('./breakages.mjs').Breakage[]}
 */
export const breakages = [
  {
    name: 'uses-a-producer-again',
    edits: [
      {
        file: 'src/outbox/lanes.ts',
        find: 'this.#producer ??= this.#createId();',
        replace: "this.#producer ??= 'the-same-after-a-reload';",
      },
    ],
  },
  {
    name: 'adopts-under-its-own-producer',
    from: 26,
    edits: [
      {
        file: 'src/outbox/outbox.ts',
        find: 'const lane = this.#lanes.get(channel, producer);',
        replace: 'const lane = this.#lanes.get(channel, `${producer}`.replace(/^./, "~"));',
      },
    ],
  },
  {
    name: 'stores-nothing-that-is-under-way',
    edits: [
      {
        file: 'src/outbox/batch.ts',
        find: 'producers.add(lane.producer);',
        replace: 'producers.add(lane.producer);\n    if (record.attempted !== null) continue;',
      },
    ],
  },
  {
    name: 'forgets-what-it-sends',
    edits: [
      {
        file: 'src/outbox/sender.ts',
        find: 'for (const { owner } of taken.records) owner.ticket?.markAttempted();',
        replace:
          'for (const record of taken.records) {\n          record.owner.ticket?.markAttempted();\n          this.#options.keeper.journal.forget(lane, record);\n        }',
      },
    ],
  },
  {
    name: 'drops-tombstones',
    edits: [{ file: 'src/outbox/rows.ts', find: '...(tombstone !== null && { x: tombstone }),', replace: '' }],
  },
  {
    name: 'reads-the-rows-of-another-user',
    edits: [{ file: 'src/outbox/keeper.ts', find: 'user: context.user,', replace: "user: 'everybody'," }],
  },
  {
    name: 'tells-at-once-what-another-may-have-sent',
    from: 72,
    edits: [
      {
        file: 'src/outbox/endings.ts',
        find: 'const unsent = record.attempted === null && keeper.exclusive(lane);',
        replace: 'const unsent = record.attempted === null;',
      },
      { file: 'src/outbox/endings.ts', find: '!durable || !keeper.exclusive(lane) ||', replace: '!durable ||' },
    ],
  },
  {
    name: 'takes-over-from-the-living',
    edits: [
      { file: 'src/outbox/page-lock.ts', find: 'resolve(null);\n        return', replace: 'resolve(() => {});\n        return' },
    ],
  },
  {
    name: 'takes-nobody-for-gone-by-silence',
    edits: [
      { file: 'src/outbox/adoption.ts', find: '<= GONE_AFTER ? null : () => {}', replace: '<= Infinity ? null : () => {}' },
    ],
  },
  {
    name: 'asks-nobody-what-was-sent-without-locks',
    from: 27,
    edits: [
      {
        file: 'src/outbox/adoption.ts',
        find: 'if (this.#context.environment.locks !== undefined) return;',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'leaves-what-has-ended-on-disk',
    edits: [{ file: 'src/outbox/endings.ts', find: 'if (!again) keeper.journal.forget(lane, record);', replace: '' }],
  },
];
