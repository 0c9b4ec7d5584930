/**
 * Faults in how requests are sent, run and answered.
 * @type {readonly import('./breakages.mjs').Breakage[]}
 */
export const breakages = [
  {
    name: 'runs-repeats-again',
    edits: [
      {
        file: 'server/brokers/memory-claims.ts',
        find: 'if (known !== undefined && now < known.expiresAt) {',
        replace: 'if (known !== undefined && now < known.limit && known.answer === null) {',
      },
    ],
  },
  {
    name: 'runs-what-another-server-runs',
    edits: [
      {
        file: 'server/runs.ts',
        find: "if (claimed.state === 'claimed') return this.#run(job, by);",
        replace: "if (claimed.state !== 'claimed' || true) return this.#run(job, by);",
      },
    ],
  },
  {
    name: 'gives-back-what-it-has-begun',
    from: 27,
    edits: [{ file: 'server/run.ts', find: "did: retryable ? 'nothing' : 'something'", replace: "did: 'nothing'" }],
  },
  {
    name: 'claims-nothing-over-http',
    from: 66,
    edits: [{ file: 'server/requests.ts', find: "return kind === 'send' ?", replace: "return kind === 'poll' ?" }],
  },
  {
    name: 'mixes-up-answers',
    edits: [
      {
        file: 'src/request/calls.ts',
        find: 'const call = this.#under.get(res.id);',
        replace: 'const call = this.#under.has(res.id) ? [...this.#under.values()].at(-1) : undefined;',
      },
    ],
  },
  {
    name: 'sends-again-without-a-key',
    from: 21,
    edits: [{ file: 'src/request/requests.ts', find: 'repeats: key !== undefined,', replace: 'repeats: true,' }],
  },
  {
    name: 'asks-a-server-that-forgot',
    from: 35,
    edits: [{ file: 'src/request/calls.ts', find: 'call.line?.mem !== line.mem', replace: 'call.line === null' }],
  },
  {
    name: 'waits-for-ever-for-a-connection',
    edits: [{ file: 'src/request/calls.ts', find: '      call.timer.set(until);', replace: '' }],
  },
];
