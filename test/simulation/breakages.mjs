/**
 * Faults put in on purpose, one at a time. A search that finds none of them would prove nothing by finding none of ours.
 * @type {readonly { readonly name: string, readonly file: string, readonly find: string, readonly replace: string }[]}
 */
export const breakages = [
  {
    name: 'accepts-holes',
    file: 'server/brokers/memory.ts',
    find: 'if (sequence > lane.last + 1) {',
    replace: 'if (sequence > lane.last + 1) lane.last = sequence - 1;\n    if (sequence > lane.last + 1) {',
  },
  {
    name: 'no-dedupe',
    file: 'server/brokers/memory.ts',
    find: 'if (sequence + i <= lane.last)',
    replace: 'if (sequence + i <= lane.last && false)',
  },
  {
    name: 'no-rewind',
    file: 'src/outbox/lane.ts',
    find: 'this.#sendFrom = sequence;',
    replace: 'this.#sendFrom = Math.max(this.#sendFrom, sequence);',
  },
  {
    name: 'does-not-wait-for-the-reset-handler',
    file: 'src/channel/feed.ts',
    find: 'void this.#listeners.reset(reset).then((cursors) => {',
    replace: "this.#step({ type: 'reloaded', cursor: null });\n    void this.#listeners.reset(reset).then((cursors) => {",
  },
  {
    name: 'forgets-the-cursor',
    file: 'src/channel/step.ts',
    find: "const sent = sub.mode === 'live' ? null : sub.cursor;",
    replace: 'const sent = null;',
  },
];
