/** docs/states.md, made from the code: every cell is one call of the pure function that decides it. */
import { step as connectionStep } from '../../src/connection/machine.ts';
import { type Event, type Facts, type State, type Step, dueAt } from '../../src/connection/state.ts';
import { statusOf } from '../../src/connection/status.ts';
import { END, endRule } from '../../src/protocol/end-codes.ts';
import { HELD, NOW, ended, facts, reason, stateOf } from '../unit/connection/facts.ts';
import { channelTable } from './states-channel.ts';
import { watchTable } from './states-watch.ts';
import { table } from './table.ts';

const EVENTS: { readonly [E in Event['type']]: readonly [event: Extract<Event, { type: E }>, when: string] } = {
  need: [{ type: 'need' }, 'something is subscribed or published'],
  connect: [{ type: 'connect' }, 'the app calls `connect()`'],
  pause: [{ type: 'pause' }, 'the app calls `disconnect()`'],
  retry: [{ type: 'retry' }, 'the app calls `retryNow()`'],
  token: [{ type: 'token' }, 'a token is at hand, or none is needed'],
  'token-failed': [{ type: 'token-failed', ended: ended(END.tokenFailed).ended }, '`getToken` failed'],
  welcome: [{ type: 'welcome' }, 'the server welcomed the connection'],
  ended: [ended(END.abnormal), 'the connection, or the attempt, ended (1006)'],
  'held-ended': [{ ...ended(END.abnormal), type: 'held-ended' }, 'the doubtful connection ended (1006)'],
  silence: [{ type: 'silence' }, 'nothing was heard for the heartbeat and 6 s'],
  alive: [{ type: 'alive' }, 'the sign of life came'],
  due: [{ type: 'due' }, 'the time is up'],
  online: [{ type: 'online' }, 'the browser says that it is online'],
  offline: [{ type: 'offline' }, 'the browser says that it is offline'],
  visible: [{ type: 'visible' }, 'the page is shown'],
  network: [{ type: 'network' }, 'the network is another one'],
  jump: [{ type: 'jump' }, 'the machine slept, or its clock was set'],
  rest: [{ type: 'rest', reason: reason(END.normal) }, 'the page is left or frozen'],
  wake: [{ type: 'wake' }, 'the page comes back'],
  fatal: [{ type: 'fatal', reason: reason(END.forbidden) }, 'nothing that is tried could help'],
  destroy: [{ type: 'destroy' }, 'the app calls `destroy()`'],
};

/** The same in every state, as test/unit/connection/machine-table.test.ts has it. */
const EVERYWHERE: ReadonlySet<string> = new Set(['pause', 'fatal', 'destroy']);

const STATES: readonly (readonly [name: string, state: State, what: string])[] = [
  ['idle', stateOf('idle'), 'Nothing has been wanted yet.'],
  ['paused', stateOf('paused'), 'The app said `disconnect()`: only its `connect()` ends it.'],
  ['resting', stateOf('resting'), 'The page was left or frozen. Whatever shows that it runs ends it, 3 s of running too.'],
  ['preparing', stateOf('preparing'), 'A token is being asked for.'],
  ['opening', stateOf('opening'), 'A connection is being opened. Only the welcome proves it.'],
  ['proving', stateOf('proving'), 'Welcomed, but not yet for 10 s.'],
  ['stable', stateOf('stable'), 'Welcomed 10 s ago or more: the backoff is forgotten.'],
  [
    'doubting',
    stateOf('doubting'),
    'A sign of life was asked for. When the time is up another connection is opened beside this one.',
  ],
  ['preparing, beside', { ...stateOf('preparing'), held: HELD }, 'As `preparing`, while a doubtful connection is still open.'],
  ['opening, beside', { ...stateOf('opening'), held: HELD }, 'As `opening`, while a doubtful connection is still open.'],
  ['waiting', stateOf('waiting'), 'Until the next attempt.'],
  ['offline', stateOf('offline'), 'The same, and the browser says that there is no network: the wait is long.'],
  ['closed', stateOf('closed'), 'For good.'],
];

const EFFECTS = {
  'ask-token': 'ask for a token',
  open: 'open a connection',
  abandon: 'close what is open',
  'drop-new': 'close the new connection',
  'drop-held': 'close the doubtful connection',
  check: 'ask for a sign of life',
} as const;

export function renderStates(): string {
  return [
    '# The machines',
    'Each table below is made from the code: every cell is what the pure function that decides it answers. `npm run states` writes this file, and a test fails if it is out of step. Times are for the default options; where chance is drawn, the range is given.',
    'Contents: [The connection](#the-connection) · [What ends do](#what-ends-do) · [The watch](#the-watch) · [A channel](#a-channel)',
    '## The connection',
    'One for each client ([machine.ts](../src/connection/machine.ts), [moves.ts](../src/connection/moves.ts)). An event that is not listed changes nothing in that state. "Beside" means that two connections are open: a doubtful one, and the newer one that is to take its place. Whichever shows life first is kept. No close waits for the peer.',
    `Everywhere but in \`closed\`: \`disconnect()\` closes what is open and leads to \`paused\`, \`destroy()\` and what no further attempt could help (a user that is not the one the client was made for, a platform without any of the transports) to \`closed\`. These are left out below.`,
    ...STATES.flatMap(([name, state, what]) => [`### ${name}`, sayStatus(state, what), connectionTable(name, state)]),
    '## What ends do',
    'The end of a connection that was stable, by its code. An attempt that fails instead waits a random part of 0.5 s, doubled with each failure up to 30 s (5 min while hidden).',
    endsTable(),
    '## The watch',
    'Each connection is watched by timestamps ([watchdog.ts](../src/connection/watchdog.ts)), here with a heartbeat of 25 s.',
    watchTable(),
    '## A channel',
    'One for each channel that somebody listens to ([step.ts](../src/channel/step.ts)), in mode `log`. It stands at offset 10; two connections may be open at once.',
    channelTable(),
  ].join('\n\n');
}

function sayStatus(state: State, what: string): string {
  return `${what} \`status\` says \`${statusOf(state, 'websocket', null).state}\`.`;
}

/** What the world is like when this happens. */
function worldOf(state: State, event: Event): Partial<Facts> {
  return { online: event.type === 'online' || (event.type !== 'offline' && state.state !== 'offline') };
}

function connectionTable(name: string, state: State): string {
  const rows = Object.values(EVENTS).flatMap(([event, when]) => {
    if (name.startsWith('preparing') && event.type === 'held-ended' && !name.includes('beside')) return [];
    if (name === 'opening' && event.type === 'held-ended') return [];
    if (EVERYWHERE.has(event.type)) return [];
    const [least, most] = [0, 0.999_999].map((random) =>
      connectionStep(state, event, facts({ random, ...worldOf(state, event) })),
    );
    if (least!.state === state && least!.effects.length === 0) return [];
    return [[`\`${event.type}\``, when, describe(least!, most!), effectsOf(least!)]];
  });
  return rows.length === 0 ? 'Nothing changes it.' : table(['event', 'when', 'next', 'then'], rows);
}

function describe({ state }: Step, most: Step): string {
  const name = 'held' in state && state.held !== null && state.state !== 'doubting' ? `${state.state}, beside` : state.state;
  const [from, to] = [dueAt(state), dueAt(most.state)];
  return from === null || to === null ? name : `${name}, for ${range(from - NOW, to - NOW)}`;
}

function range(from: number, to: number): string {
  const say = (ms: number): string => `${Math.round(ms / 10) / 100}`;
  return say(from) === say(to) ? `${say(from)} s` : `${say(from)} to ${say(to)} s`;
}

function effectsOf({ effects }: Step): string {
  return effects.map(({ type }) => EFFECTS[type]).join('; ');
}

function endsTable(): string {
  const rows = Object.values(END).map((code) => {
    const spread = code === END.goingAway ? 10_000 : null;
    const event = ended(code, { spread });
    const [least, most] = [0, 0.999_999].map((random) => connectionStep(stateOf('stable'), event, facts({ random })));
    const { state } = least!;
    const token = 'memory' in state && state.memory.token !== null ? `asks for a fresh token (\`${state.memory.token}\`)` : '';
    return [`${code}`, `\`${endRule(code).name}\``, describe(least!, most!), token];
  });
  return table(
    ['code', 'name', 'next', ''],
    [...rows].sort((a, b) => Number(a[0]) - Number(b[0])),
  );
}
