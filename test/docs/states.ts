/** docs/states.md, made from the code: every cell is one call of the pure function that decides it. */
import { step as connectionStep } from '../../src/connection/machine.ts';
import { type Event, type Facts, type State, type Step, dueAt, heldOf } from '../../src/connection/state.ts';
import { statusOf } from '../../src/connection/status.ts';
import { END, endRule } from '../../src/protocol/end-codes.ts';
import { DOUBTED, NOW, SOUND, ended, facts, race, reason, stateOf } from '../unit/connection/facts.ts';
import { channelTable, snapshotTable } from './states-channel.ts';
import { watchTable } from './states-watch.ts';
import { table } from './table.ts';

const EVENTS: { readonly [E in Event['type']]: readonly [event: Extract<Event, { type: E }>, when: string] } = {
  need: [{ type: 'need' }, 'something is subscribed or published'],
  connect: [{ type: 'connect' }, 'the app calls `connect()`'],
  pause: [{ type: 'pause' }, 'the app calls `disconnect()`'],
  retry: [{ type: 'retry' }, 'the app calls `retryNow()`'],
  token: [{ type: 'token' }, 'a token is at hand, or none is needed'],
  'token-failed': [{ type: 'token-failed', ended: ended(END.tokenFailed).ended }, '`getToken` failed'],
  welcome: [{ type: 'welcome', rung: 0 }, 'the server welcomed the connection'],
  ended: [ended(END.abnormal), 'the connection, or the attempt, ended (1006)'],
  'held-ended': [{ ...ended(END.abnormal), type: 'held-ended' }, 'the connection that carries ended (1006)'],
  silence: [{ type: 'silence' }, 'nothing was heard for the heartbeat and 6 s'],
  alive: [{ type: 'alive' }, 'the sign of life came'],
  due: [{ type: 'due' }, 'the time is up'],
  online: [{ type: 'online' }, 'the browser says that it is online'],
  offline: [{ type: 'offline' }, 'the browser says that it is offline'],
  visible: [{ type: 'visible' }, 'the page is shown'],
  network: [{ type: 'network' }, 'the network is another one'],
  jump: [{ type: 'jump' }, 'the machine slept, or its clock was set'],
  rest: [{ type: 'rest', reason: reason(END.normal) }, 'the page is left or frozen, or saves data'],
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
  [
    'resting, hidden',
    { ...stateOf('resting'), until: null },
    'With `dataSaver`: the page has been hidden for 1 min and has nothing to send. It is still hidden whatever else is heard of it.',
  ],
  ['preparing', stateOf('preparing'), 'A token is being asked for.'],
  ['opening', stateOf('opening'), 'A connection is being opened. Only the welcome proves it.'],
  ['proving', stateOf('proving'), 'Welcomed, but not yet for 10 s.'],
  ['stable', stateOf('stable'), 'Welcomed 10 s ago or more: the backoff is forgotten.'],
  [
    'stable, of a lesser transport',
    { ...stateOf('stable'), rung: 1, until: NOW + 30_000 },
    'As `stable`; better ones are tried 30 s ± 25 % later, after a climb in vain 5 min, doubled up to 1 h, on another network 1 s.',
  ],
  [
    'doubting',
    stateOf('doubting'),
    'A sign of life was asked for. When the time is up another connection is opened beside this one.',
  ],
  [
    'opening, of several',
    { ...stateOf('opening'), race: race([0, 1], [2]), until: NOW + 1500 },
    'As `opening`, with two transports under way and a third one left: the first was silent for 1.5 s. Here the first one is welcomed, or ends.',
  ],
  ['preparing, beside', { ...stateOf('preparing'), held: DOUBTED }, 'As `preparing`, while a doubtful connection is still open.'],
  ['opening, beside', { ...stateOf('opening'), held: DOUBTED }, 'As `opening`, while a doubtful connection is still open.'],
  [
    'preparing, climbing',
    { ...stateOf('preparing'), held: SOUND },
    'As `preparing`, while a lesser transport works and a better one is to be tried.',
  ],
  [
    'opening, climbing',
    { ...stateOf('opening'), held: SOUND },
    'As `opening`, while a lesser transport works and a better one is tried.',
  ],
  ['waiting', stateOf('waiting'), 'Until the next attempt.'],
  ['offline', stateOf('offline'), 'The same, and the browser says that there is no network: the wait is long.'],
  ['closed', stateOf('closed'), 'For good.'],
];

const EFFECTS = {
  'ask-token': 'ask for a token',
  'no-way': 'end: the platform supports none of the transports',
  open: 'open a connection',
  drop: 'close one that took too long, or lost the race',
  abandon: 'close what is open',
  'drop-new': 'close what is being opened',
  'drop-held': 'close the connection that carried',
  check: 'ask for a sign of life',
} as const;

export function renderStates(): string {
  return [
    '# The machines',
    'Each table below is made from the code: every cell is what the pure function that decides it answers. `npm run states` writes this file, and a test fails if it is out of step. Times are for the default options; where chance is drawn, the range is given.',
    'Contents: [The connection](#the-connection) · [What ends do](#what-ends-do) · [The watch](#the-watch) · [A channel](#a-channel)',
    '## The connection',
    'One for each client ([machine.ts](../src/connection/machine.ts), [moves.ts](../src/connection/moves.ts), [race-moves.ts](../src/connection/race-moves.ts)). An event that is not listed changes nothing in that state. "Beside" means that a doubtful connection is open, and others that are to take its place: whichever shows life first is kept. "Climbing" means that a connection carries, and better transports are tried: it is kept until one of them is welcomed. No close waits for the peer.',
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
    'With a `snapshot` the app’s handlers are not asked: it is loaded at the first place, after a reset, and for a store that comes later. A reset breaks off a load that is under way.',
    snapshotTable(),
  ].join('\n\n');
}

function sayStatus(state: State, what: string): string {
  return `${what} \`status\` says \`${statusOf(state, 'websocket', null).state}\`.`;
}

const isHidden = (state: State): boolean => state.state === 'resting' && state.until === null;

/** What the world is like when this happens. */
function worldOf(state: State, event: Event): Partial<Facts> {
  const rung = heldOf(state)?.rung ?? 0;
  const visible = !isHidden(state) || event.type === 'visible';
  const ways = rung > 0 ? { plan: [1, 0, 2], climb: [0] } : {};
  return { ...ways, visible, online: event.type === 'online' || (event.type !== 'offline' && state.state !== 'offline') };
}

function connectionTable(name: string, state: State): string {
  const rows = Object.values(EVENTS).flatMap(([event, when]) => {
    if (name === 'preparing' && event.type === 'held-ended') return [];
    if (name.startsWith('opening') && event.type === 'held-ended' && !name.includes('beside') && !name.includes('climbing'))
      return [];
    // It waits for no time.
    if (EVERYWHERE.has(event.type) || (isHidden(state) && event.type === 'due')) return [];
    const [least, most] = [0, 0.999_999].map((random) =>
      connectionStep(state, event, facts({ random, ...worldOf(state, event) })),
    );
    if (least!.state === state && least!.effects.length === 0) return [];
    return [[`\`${event.type}\``, when, describe(least!, most!), effectsOf(least!)]];
  });
  return rows.length === 0 ? 'Nothing changes it.' : table(['event', 'when', 'next', 'then'], rows);
}

function describe({ state }: Step, most: Step): string {
  const held = state.state === 'preparing' || state.state === 'opening' ? state.held : null;
  const name = held === null ? state.state : `${state.state}, ${held.trust === 'sound' ? 'climbing' : 'beside'}`;
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
