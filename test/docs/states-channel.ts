import { type Effect, type Input, type Subscription, createSubscription, step } from '../../src/channel/step.ts';
import type { Entry, Subbed } from '../../src/protocol/frame.ts';
import { table } from './table.ts';

const AT = { epoch: 'e', offset: 10, tag: 't10' };
const entry = (offset: number): Entry => ({ id: `m${offset}`, e: 'message', o: offset, g: `t${offset}` });
const subbed = (k: number, rest: Partial<Subbed>): Subbed => ({
  t: 'subbed',
  c: 'room',
  k,
  cur: ['e', 10, 't10'],
  ok: true,
  ...rest,
});

/** Connection 1 is older than connection 2. */
const base: Subscription = { ...createSubscription('log'), cursor: AT };
const asking: Subscription = { ...base, ears: new Map([[1, { state: 'asking', k: 1, sent: AT }]]) };
const feeding: Subscription = { ...base, feeding: 1, ears: new Map([[1, { state: 'ready', k: 1, sent: AT }]]) };
const beside: Subscription = { ...feeding, ears: new Map([...feeding.ears, [2, { state: 'asking', k: 2, sent: AT }]]) };
const taken: Subscription = { ...beside, feeding: 2, ears: new Map([...feeding.ears, [2, { state: 'ready', k: 2, sent: AT }]]) };
const holding: Subscription = {
  ...feeding,
  resets: 1,
  hold: { why: 'trimmed', cursor: AT, entries: [], overflowed: false, again: false },
};

const STATES: readonly (readonly [name: string, sub: Subscription])[] = [
  ['asked on 1', asking],
  ['fed by 1', feeding],
  ['fed by 1, asked on 2', beside],
  ['fed by 2, 1 still open', taken],
  ['fed by 1, the app reloads', holding],
];

const INPUTS: readonly (readonly [what: string, input: (k: number) => Input])[] = [
  ['1: the answer, nothing new', () => ({ type: 'subbed', gen: 1, k: 9, frame: subbed(1, {}) })],
  ['1: the answer, continuity lost', () => ({ type: 'subbed', gen: 1, k: 9, frame: subbed(1, { ok: false, why: 'trimmed' }) })],
  ['2: the answer, with 11', () => ({ type: 'subbed', gen: 2, k: 9, frame: subbed(2, { items: [entry(11)] }) })],
  ['1: entry 11', () => ({ type: 'entries', gen: 1, k: 9, entries: [entry(11)] })],
  ['1: entry 10 again', () => ({ type: 'entries', gen: 1, k: 9, entries: [entry(10)] })],
  ['1: entry 12, and no 11', () => ({ type: 'entries', gen: 1, k: 9, entries: [entry(12)] })],
  ['2: entry 11', () => ({ type: 'entries', gen: 2, k: 9, entries: [entry(11)] })],
  ['1: gap', () => ({ type: 'gap', gen: 1, cursor: ['e', 20, 't20'], why: 'trimmed' })],
  ['1: skip to 15', () => ({ type: 'skip', gen: 1, offset: 15, tag: 't15' })],
  ['1 ends', () => ({ type: 'lost', gen: 1, k: 9 })],
  ['2 ends', () => ({ type: 'lost', gen: 2, k: 9 })],
  ['the app has reloaded', () => ({ type: 'reloaded', k: 9, cursor: null })],
  ['the app has reloaded, as of 8', () => ({ type: 'reloaded', k: 9, cursor: { epoch: 'e', offset: 8, tag: 't8' } })],
];

const fresh: Subscription = {
  ...createSubscription('log', 'snapshot'),
  ears: new Map([[1, { state: 'asking', k: 1, sent: null }]]),
};
const loading: Subscription = {
  ...feeding,
  loadedBy: 'snapshot',
  hold: { why: 'first', cursor: AT, entries: [], overflowed: false, again: false },
};

const LOADED: typeof STATES = [
  ['asked on 1, without a place', fresh],
  ['fed by 1', { ...feeding, loadedBy: 'snapshot' }],
  ['fed by 1, the snapshot loads', loading],
];

const LOADS: typeof INPUTS = [
  ['1: the answer, at the top', () => ({ type: 'subbed', gen: 1, k: 9, frame: subbed(1, { ok: null }) })],
  ['1: entry 11', () => ({ type: 'entries', gen: 1, k: 9, entries: [entry(11)] })],
  ['1: gap', () => ({ type: 'gap', gen: 1, cursor: ['e', 20, 't20'], why: 'trimmed' })],
  ['1 ends', () => ({ type: 'lost', gen: 1, k: 9 })],
  ['a store is made', () => ({ type: 'load' })],
  ['the snapshot is there', () => ({ type: 'reloaded', k: 9, cursor: null })],
  ['the snapshot is there, as of 8', () => ({ type: 'reloaded', k: 9, cursor: { epoch: 'e', offset: 8, tag: 't8' } })],
];

export const channelTable = (): string => render(STATES, INPUTS);
export const snapshotTable = (): string => render(LOADED, LOADS);

function render(states: typeof STATES, inputs: typeof INPUTS): string {
  const rows = inputs.map(([what, input]) => [what, ...states.map(([, sub]) => tell(sub, step(sub, input(9))))]);
  return table(['what comes', ...states.map(([name]) => name)], rows);
}

function tell(before: Subscription, { next, effects }: ReturnType<typeof step>): string {
  const said = effects.map((effect) => sayEffect(effect, before));
  if (next.feeding !== before.feeding) said.push(next.feeding === null ? 'nobody feeds' : `${next.feeding} feeds`);
  if (next.hold !== null && next.hold.entries.length > 0) said.push('holds it back');
  else if (
    next.cursor !== before.cursor &&
    next.cursor !== null &&
    !effects.some(({ type }) => type === 'sub' || type === 'reset')
  ) {
    said.push(`stands at ${next.cursor.offset}`);
  }
  if (next.hold !== null && before.hold !== null && next.hold.again) said.push('calls the app again afterwards');
  return said.length === 0 ? '·' : said.join(', ');
}

function sayEffect(effect: Effect, { loadedBy, hold }: Subscription): string {
  switch (effect.type) {
    case 'deliver':
      return `delivers ${effect.entries.map(({ entry: { o } }) => o).join(' and ')}`;
    case 'sub':
      return `asks on ${effect.gen} from ${effect.cursor?.offset ?? 'the top'}`;
    case 'reset':
      if (loadedBy === 'handlers') return 'calls `onReset`, holds what comes';
      return `loads the snapshot${hold === null ? '' : ' anew'}, holds what comes`;
    case 'falling-behind':
      return 'rests before asking again';
  }
}
