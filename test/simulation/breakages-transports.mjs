/**
 * Faults in what is done with several transports, and with connections that are made of requests.
 * @type {readonly import('./breakages.mjs').Breakage[]}
 */
export const breakages = [
  {
    name: 'keeps-the-replaced-connection',
    from: 12,
    edits: [
      { file: 'src/connection/race-moves.ts', find: "if (held !== null) drops.unshift({ type: 'drop-held' });", replace: '' },
    ],
  },
  {
    name: 'does-not-rewind-at-a-switch',
    from: 10,
    edits: [{ file: 'src/outbox/sender.ts', find: 'lane.rewind();\n      this.#retain(lane);', replace: 'this.#retain(lane);' }],
  },
  {
    name: 'keeps-the-losers-of-the-race',
    from: 484,
    edits: [
      {
        file: 'src/connection/race-moves.ts',
        find: "const drops = lost.map((runner): Effect => ({ type: 'drop', rung: runner.rung, why: 'lost' }));",
        replace: 'const drops: Effect[] = [];',
      },
    ],
  },
  {
    name: 'opens-at-once-what-was-just-lost',
    from: 330,
    edits: [{ file: 'src/connection/race-moves.ts', find: " && state.held.life === 'stable';", replace: ';' }],
  },
  {
    name: 'a-send-supersedes',
    edits: [
      { file: 'server/connection.ts', find: 'if (!isSend && !registry.admit(this))', replace: 'if (!registry.admit(this))' },
      { file: 'server/registry.ts', find: 'setTimeout(end, this.#supersedeAfter)', replace: 'setTimeout(end, 0)' },
    ],
  },
  {
    name: 'answers-a-send-before-its-items',
    edits: [
      { file: 'server/http/completion.ts', find: "return settled ? 'complete'", replace: "return news || settled ? 'complete'" },
    ],
  },
  {
    name: 'tells-no-poll-of-a-failover',
    from: 90,
    edits: [{ file: 'server/kind.ts', find: "(kind !== 'poll' && kind !== 'stream')", replace: "kind !== 'stream'" }],
  },
  {
    name: 'gives-up-a-send-that-failed',
    from: 22,
    edits: [
      {
        file: 'src/transports/upstream.ts',
        find: 'if (mayPass(end) && !isOver) http.later(wait, again);',
        replace: 'if (mayPass(end) && !isOver) {\n        busy = false;\n        pump();\n      }',
      },
    ],
  },
  {
    name: 'sends-without-waiting-for-the-answer',
    from: 157,
    edits: [
      {
        file: 'src/transports/upstream.ts',
        find: 'if (busy || queue.length === 0) return;',
        replace: 'if (queue.length === 0) return;',
      },
    ],
  },
  {
    name: 'polls-again-at-once-what-fails-at-once',
    edits: [
      {
        file: 'src/transports/long-polling.ts',
        find: 'if (wait <= FLOOR || took < FLOOR || took > wait + GRACE + FLOOR) changed = true;',
        replace: 'if (wait < 0) changed = true;',
      },
    ],
  },
  {
    name: 'leaves-requests-behind',
    edits: [
      { file: 'src/transports/http.ts', find: 'over = true;\n    for (const stop of stops) stop();', replace: 'over = true;' },
    ],
  },
];
