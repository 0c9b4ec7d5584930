import { breakages as ofOutbox } from './breakages-outbox.mjs';
import { breakages as ofPresence } from './breakages-presence.mjs';
import { breakages as ofRequests } from './breakages-requests.mjs';
import { breakages as ofTransports } from './breakages-transports.mjs';

/**
 * Faults put in on purpose, one at a time. A search that finds none of them would prove nothing by finding none of ours.
 * @typedef {{ readonly file: string, readonly find: string, readonly replace: string }} Edit
 * @typedef {{ readonly name: string, readonly edits: readonly Edit[], readonly from?: number }} Breakage
 * `from`: a seed from which on it is found soon. Others take longer, and find it as well.
 * @type {readonly Breakage[]}
 */
export const breakages = [
  // ---- what pages publish ------------------------------------------------------------------------------------------------
  {
    name: 'accepts-holes',
    edits: [
      {
        file: 'server/brokers/memory.ts',
        find: 'if (sequence > lane.last + 1) {',
        replace: 'if (sequence > lane.last + 1) lane.last = sequence - 1;\n    if (sequence > lane.last + 1) {',
      },
    ],
  },
  {
    name: 'no-dedupe',
    edits: [
      {
        file: 'server/brokers/memory.ts',
        find: 'if (sequence + i <= lane.last)',
        replace: 'if (sequence + i <= lane.last && false)',
      },
    ],
  },
  {
    name: 'judges-repeats',
    from: 12,
    edits: [
      {
        file: 'server/brokers/memory.ts',
        find: 'if (sequence + i <= lane.last)',
        replace:
          'if (sequence + i <= lane.last && judged.refusal !== undefined) results.push(judged.refusal);\n      else if (sequence + i <= lane.last)',
      },
    ],
  },
  {
    name: 'no-rewind',
    edits: [
      {
        file: 'src/outbox/lane.ts',
        find: 'this.#sendFrom = sequence;',
        replace: 'this.#sendFrom = Math.max(this.#sendFrom, sequence);',
      },
    ],
  },
  {
    name: 'no-retention',
    from: 10,
    edits: [{ file: 'src/outbox/lane.ts', find: 'const RETAINED = 256;', replace: 'const RETAINED = 0;' }],
  },
  {
    name: 'does-not-show-the-newest',
    from: 30,
    edits: [
      {
        file: 'src/outbox/lane.ts',
        find: 'this.#firstWaiting() - (this.#answered > 0 ? 1 : 0)',
        replace: 'this.#firstWaiting()',
      },
    ],
  },
  {
    name: 'false-first',
    from: 19,
    edits: [
      { file: 'src/outbox/lane.ts', find: 'this.#answered === 0 && mayStart', replace: 'mayStart' },
      { file: 'src/outbox/lane-rules.ts', find: 'if (records[0]?.sequence !== sequence) return false;', replace: '' },
    ],
  },
  {
    name: 'forgets-what-is-still-to-be-shown',
    from: 395,
    edits: [
      { file: 'src/outbox/lane.ts', find: 'while (!shown && drop', replace: 'while (drop' },
      {
        file: 'src/outbox/lane.ts',
        find: 'drop = Math.min(drop, Math.max(0, this.#sendFrom - (this.#records[0]?.sequence ?? 0)));',
        replace: '',
      },
      { file: 'src/outbox/retention.ts', find: 'lane.renew(this.#environment.now());', replace: '' },
      { file: 'src/outbox/retention.ts', find: 'Math.min(now, this.#heardAt())', replace: 'now' },
    ],
  },
  // ---- what pages read ---------------------------------------------------------------------------------------------------
  {
    name: 'no-tag-check',
    from: 19,
    edits: [
      {
        file: 'server/brokers/memory-log.ts',
        find: "if (offset === this.#top) return tag === this.#topTag ? null : 'branch';",
        replace: 'if (offset === this.#top) return null;',
      },
      {
        file: 'server/brokers/memory-log.ts',
        find: "return this.#entries[this.#entries.length - 1 - (this.#top - offset)]!.g === tag ? null : 'branch';",
        replace: 'return null;',
      },
    ],
  },
  {
    name: 'the-tag-is-the-id',
    edits: [
      {
        file: 'server/brokers/memory.ts',
        find: 'log.append(item, this.#environment.createTag(), by, keep, now)',
        replace: 'log.append(item, item.id, by, keep, now)',
      },
    ],
  },
  {
    name: 'reads-before-it-joins',
    from: 19,
    edits: [
      {
        file: 'server/subscriptions.ts',
        find: 'if (joining === null) return subscription.start();',
        replace: 'subscription.start();\n    if (joining === null) return;',
      },
    ],
  },
  {
    name: 'delivers-across-holes',
    from: 12,
    edits: [
      {
        file: 'server/tail.ts',
        find: 'return entry.o === at[1] + 1 && previous === at[2] && epoch === at[0];',
        replace: 'return entry.o > at[1] && previous !== null && epoch === at[0];',
      },
      { file: 'src/channel/step.ts', find: "hole = verdict === 'hole';", replace: 'hole = false;' },
    ],
  },
  {
    name: 'does-not-read-again-after-doubt',
    from: 50,
    edits: [
      {
        file: 'server/subscription.ts',
        find: "  onDoubt(): void {\n    if (this.mode === 'live') return;",
        replace: "  onDoubt(): void {\n    if (this.mode !== 'live') return;",
      },
    ],
  },
  {
    // The place of a message whose handler throws is never reached.
    name: 'moves-the-cursor-after-the-handler',
    edits: [
      {
        file: 'src/channel/feed.ts',
        find: 'this.#sub = next;\n    for (const effect of effects) this.#perform(effect);',
        replace:
          'try {\n      for (const effect of effects) this.#perform(effect);\n    } catch {\n      return;\n    }\n    this.#sub = next;',
      },
      {
        file: 'src/channel/listeners.ts',
        find: 'const threw = (error: unknown): void => this.#threw(error);',
        replace: 'const threw = (error: unknown): void => {\n        throw error;\n      };',
      },
      {
        file: 'src/channel/feed.ts',
        find: 'const work = this.#listeners.deliver(message);',
        replace:
          'let work;\n      try {\n        work = this.#listeners.deliver(message);\n      } catch {\n        this.#delivering = false;\n        return;\n      }',
      },
    ],
  },
  {
    name: 'does-not-wait-for-the-reset-handler',
    edits: [
      {
        file: 'src/channel/feed.ts',
        find: 'void this.#listeners.reset(reset).then((cursors) => {',
        replace: "this.#step({ type: 'reloaded', cursor: null });\n    void this.#listeners.reset(reset).then((cursors) => {",
      },
    ],
  },
  {
    name: 'forgets-the-cursor',
    edits: [
      {
        file: 'src/channel/step.ts',
        find: "const sent = sub.mode === 'live' ? null : sub.cursor;",
        replace: 'const sent = null;',
      },
    ],
  },
  {
    name: 'reads-a-lost-past',
    from: 277,
    edits: [
      {
        file: 'server/brokers/memory-log.ts',
        find: "if (why !== null && why !== 'trimmed') return { ok: false, place, why };",
        replace: "if (why !== null && why !== 'trimmed' && why !== 'branch') return { ok: false, place, why };",
      },
    ],
  },
  {
    name: 'skips-the-past',
    edits: [
      {
        file: 'server/brokers/memory-log.ts',
        find: 'const before = start > least ? this.#entries[start - 1]',
        replace: 'const before = start > least ? this.#entries[Math.max(least, start - 2)]',
      },
    ],
  },
  {
    name: 'reads-the-cursor-after-the-data',
    from: 71,
    edits: [
      { file: 'test/simulation/mirror.ts', find: 'const cursor = await fleet().top(channel);', replace: '' },
      {
        file: 'test/simulation/mirror.ts',
        find: 'if (this.#random() < plan.reset.fails)',
        replace: 'const cursor = await fleet().top(channel);\n    if (this.#random() < plan.reset.fails)',
      },
    ],
  },
  {
    name: 'delivers-during-a-load',
    from: 3,
    edits: [
      {
        file: 'src/channel/step.ts',
        find: 'if (sub.hold === null) return { next: { ...sub, resets: 0 }',
        replace: "if (sub.hold === null || sub.hold.why === 'first') return { next: { ...sub, resets: 0 }",
      },
    ],
  },
  // ---- connections -------------------------------------------------------------------------------------------------------
  {
    name: 'resets-the-backoff-on-open',
    edits: [
      {
        file: 'src/connection/race-moves.ts',
        find: 'const next = { ...memory, reason: null, floor: 0, climbs };',
        replace: 'const next = { ...memory, failures: 0, reason: null, floor: 0, climbs };',
      },
    ],
  },
  {
    name: 'hears-abandoned-connections',
    edits: [
      {
        file: 'src/transports/websocket.ts',
        find: '          silence();\n          socket.close(code);',
        replace: '          void code;',
      },
      { file: 'src/connection/line.ts', find: "    this.#life = { state: 'ended' };", replace: '' },
    ],
  },
  ...ofTransports,
  ...ofOutbox,
  ...ofPresence,
  ...ofRequests,
];
