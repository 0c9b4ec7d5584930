import { describe, expect, it } from 'vitest';
import { initialState, step } from '../../../src/connection/machine.ts';
import type { Effect, Event, State } from '../../../src/connection/state.ts';
import { DOUBTED, NOW, SOUND, STATES, ended, facts, race, reason, stateOf } from './facts.ts';

/** beside: of a doubtful one. climbing: of a sound one, whose transport is not the best. racing: two run, a third is left. */
type Beside = 'preparing beside' | 'opening beside' | 'preparing climbing' | 'opening climbing' | 'opening racing';

/**
 * Each state and event, and what must come of it: `·` changes nothing and does nothing, else the next state and its
 * effects. By protocol.md: `welcome` is the proof (R9), hints cause a check (R9), 10 s reset the backoff, an opening is given
 * up after 10 s, the app's own pause and end abandon whatever is open.
 */
// prettier-ignore
const TABLE: Readonly<Record<State['state'] | Beside, Readonly<Record<Event['type'], string>>>> = {
  idle: {
    need: 'preparing ask-token', connect: 'preparing ask-token',
    pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·', welcome: '·', ended: '·', 'held-ended': '·',
    silence: '·', alive: '·', due: '·',
    online: '·', offline: '·', visible: '·', network: '·', jump: '·', rest: '·', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  paused: {
    need: '·', connect: 'preparing ask-token',
    pause: '·', retry: '·', token: '·', 'token-failed': '·', welcome: '·', ended: '·', 'held-ended': '·',
    silence: '·', alive: '·', due: '·',
    online: '·', offline: '·', visible: '·', network: '·', jump: '·', rest: '·', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  // Whatever tells that the page runs again ends the rest, the app's own word too; what it publishes does not.
  resting: {
    need: '·', connect: 'preparing ask-token', pause: 'paused abandon', retry: 'preparing ask-token',
    token: '·', 'token-failed': '·', welcome: '·', ended: '·', 'held-ended': '·',
    silence: '·', alive: '·', due: 'preparing ask-token',
    online: 'preparing ask-token', offline: '·', visible: 'preparing ask-token', network: 'preparing ask-token',
    jump: 'preparing ask-token', rest: '·', wake: 'preparing ask-token',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  preparing: {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·',
    token: 'opening open', 'token-failed': 'waiting abandon',
    welcome: '·', ended: '·', 'held-ended': 'preparing', silence: '·', alive: '·', due: '·',
    online: '·', offline: '·', visible: '·', network: '·', jump: '·', rest: 'resting abandon', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  'preparing beside': {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·',
    token: 'opening open', 'token-failed': 'doubting drop-new check',
    welcome: '·', ended: '·', 'held-ended': 'preparing', silence: '·', alive: 'stable drop-new', due: '·',
    online: '·', offline: '·', visible: '·', network: '·', jump: '·', rest: 'resting abandon', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  opening: {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·',
    welcome: 'proving', ended: 'waiting abandon', 'held-ended': 'opening', silence: '·', alive: '·', due: 'waiting drop abandon',
    online: 'opening', offline: '·', visible: '·', network: 'opening', jump: 'opening', rest: 'resting abandon', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  'opening beside': {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·',
    welcome: 'proving drop-held', ended: 'doubting drop-new check', 'held-ended': 'opening', silence: '·',
    alive: 'stable drop-new', due: 'doubting drop drop-new check',
    online: 'opening', offline: '·', visible: '·', network: 'opening', jump: 'opening', rest: 'resting abandon', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  // The one that works is kept through all of it; what speaks against it ends the climb and leads to the usual doubt.
  'preparing climbing': {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·',
    token: 'opening open', 'token-failed': 'stable drop-new',
    welcome: '·', ended: '·', 'held-ended': 'preparing', silence: 'preparing', alive: '·', due: '·',
    online: 'doubting drop-new check', offline: 'doubting drop-new check', visible: 'doubting drop-new check',
    network: 'doubting drop-new check', jump: 'doubting drop-new check', rest: 'resting abandon', wake: 'doubting drop-new check',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  'opening climbing': {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·',
    welcome: 'proving drop-held', ended: 'stable drop-new', 'held-ended': 'opening open', silence: 'opening open', alive: '·',
    due: 'stable drop drop-new',
    online: 'doubting drop-new check', offline: 'doubting drop-new check', visible: 'doubting drop-new check',
    network: 'doubting drop-new check', jump: 'doubting drop-new check', rest: 'resting abandon', wake: 'doubting drop-new check',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  'opening racing': {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·',
    welcome: 'proving drop', ended: 'opening', 'held-ended': 'opening', silence: '·', alive: '·', due: 'opening open',
    online: 'opening', offline: '·', visible: '·', network: 'opening', jump: 'opening', rest: 'resting abandon', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  proving: {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·', welcome: '·',
    ended: 'waiting abandon', 'held-ended': '·', silence: 'doubting', alive: '·', due: 'stable',
    online: 'doubting check', offline: 'doubting check', visible: 'doubting check', network: 'doubting check',
    jump: 'doubting check', rest: 'resting abandon', wake: 'doubting check',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  stable: {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·', welcome: '·',
    // With nothing to climb to.
    ended: 'waiting abandon', 'held-ended': '·', silence: 'doubting', alive: '·', due: 'stable',
    online: 'doubting check', offline: 'doubting check', visible: 'doubting check', network: 'doubting check',
    jump: 'doubting check', rest: 'resting abandon', wake: 'doubting check',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  doubting: {
    need: '·', connect: '·', pause: 'paused abandon', retry: '·', token: '·', 'token-failed': '·', welcome: '·',
    ended: 'waiting abandon', 'held-ended': '·', silence: '·', alive: 'stable', due: 'preparing ask-token',
    online: 'doubting check', offline: 'doubting check', visible: 'doubting check', network: 'doubting check',
    jump: 'doubting check', rest: 'resting abandon', wake: 'doubting check',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  waiting: {
    need: '·', connect: '·', pause: 'paused abandon', retry: 'preparing ask-token',
    token: '·', 'token-failed': '·', welcome: '·', ended: '·', 'held-ended': '·', silence: '·', alive: '·',
    due: 'preparing ask-token',
    online: 'waiting', offline: 'offline', visible: 'waiting', network: 'waiting', jump: 'waiting', rest: 'resting abandon',
    wake: 'waiting',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  // The browser still says that there is no network: only what it says next, or a shorter wait, changes that.
  offline: {
    need: '·', connect: '·', pause: 'paused abandon', retry: 'preparing ask-token',
    token: '·', 'token-failed': '·', welcome: '·', ended: '·', 'held-ended': '·', silence: '·', alive: '·',
    due: 'preparing ask-token',
    online: 'waiting', offline: '·', visible: '·', network: '·', jump: '·', rest: 'resting abandon', wake: '·',
    fatal: 'closed abandon', destroy: 'closed abandon',
  },
  closed: {
    need: '·', connect: '·', pause: '·', retry: '·', token: '·', 'token-failed': '·', welcome: '·', ended: '·',
    'held-ended': '·', silence: '·', alive: '·', due: '·', online: '·', offline: '·', visible: '·', network: '·', jump: '·',
    rest: '·', wake: '·', fatal: '·', destroy: '·',
  },
};

const events: { readonly [E in Event['type']]: Extract<Event, { type: E }> } = {
  need: { type: 'need' },
  connect: { type: 'connect' },
  pause: { type: 'pause' },
  retry: { type: 'retry' },
  token: { type: 'token' },
  'token-failed': { type: 'token-failed', ended: ended(4011).ended },
  welcome: { type: 'welcome', rung: 0 },
  ended: ended(1006),
  'held-ended': { ...ended(1006), type: 'held-ended' },
  silence: { type: 'silence' },
  alive: { type: 'alive' },
  due: { type: 'due' },
  online: { type: 'online' },
  offline: { type: 'offline' },
  visible: { type: 'visible' },
  network: { type: 'network' },
  jump: { type: 'jump' },
  rest: { type: 'rest', reason: reason(1000) },
  wake: { type: 'wake' },
  fatal: { type: 'fatal', reason: reason(4403) },
  destroy: { type: 'destroy' },
};

const rows: readonly (readonly [name: keyof typeof TABLE, before: State])[] = [
  ...STATES.map((state) => [state, stateOf(state)] as const),
  ['preparing beside', { ...stateOf('preparing'), held: DOUBTED }],
  ['opening beside', { ...stateOf('opening'), held: DOUBTED }],
  ['preparing climbing', { ...stateOf('preparing'), held: SOUND }],
  ['opening climbing', { ...stateOf('opening'), held: SOUND }],
  ['opening racing', { ...stateOf('opening'), race: race([0, 1], [2]), until: NOW + 1500 }],
];
const cells = rows.flatMap(([state, before]) =>
  Object.values(events).map((event) => ({ state, before, event, name: event.type, expected: TABLE[state][event.type] })),
);

describe('the table', () => {
  it.each(cells)('$state × $name → $expected', ({ state, before, event, expected }) => {
    // The browser says that there is no network as long as the client is offline, until the event that says otherwise.
    const online = event.type === 'online' || (event.type !== 'offline' && state !== 'offline');
    const climbing = state.endsWith('climbing') ? { plan: [1, 0, 2], climb: [0] } : {};
    const next = step(before, event, facts({ online, ...climbing }));
    if (expected === '·') {
      expect(next.state).toBe(before);
      expect(next.effects).toEqual([]);
    } else {
      expect([next.state.state, ...next.effects.map(({ type }) => type)].join(' ')).toBe(expected);
    }
  });

  it('begins idle, without a token', () => {
    expect(initialState).toEqual({
      state: 'idle',
      memory: { failures: 0, attempts: [], token: 'connect', reason: null, floor: 0, told: 0, climbs: 0 },
    });
  });
});

describe('what the effects say', () => {
  it.each(['connect', 'refresh', 'expired', 'rejected', null] as const)(
    'a token is asked for with the reason kept: %s',
    (token) => {
      const { effects } = step(stateOf('waiting', { token }), events.due, facts());
      expect(effects).toEqual([{ type: 'ask-token', reason: token }] satisfies Effect[]);
    },
  );

  it('the reason is kept until a token came, over any number of failures', () => {
    let state = step(stateOf('waiting', { token: 'expired' }), events.due, facts()).state;
    state = step(state, events['token-failed'], facts()).state;
    state = step(state, events.due, facts()).state;
    expect(state).toMatchObject({ state: 'preparing', memory: { token: 'expired' } });
    expect(step(state, events.token, facts()).state).toMatchObject({ state: 'opening', memory: { token: null } });
  });

  it.each(STATES.filter((state) => state !== 'closed'))('%s: the app’s ends abandon with 1000', (state) => {
    for (const event of [events.destroy, events.fatal]) {
      expect(step(stateOf(state), event, facts()).effects).toEqual([{ type: 'abandon' }] satisfies Effect[]);
    }
  });

  it('destroy gives its own reason, fatal the one it was told', () => {
    const destroyed = step(stateOf('stable'), events.destroy, facts()).state;
    expect(destroyed).toMatchObject({ state: 'closed', reason: { by: 'app', name: 'destroyed', error: null } });
    const ended = step(stateOf('stable'), events.fatal, facts()).state;
    expect(ended).toEqual({ state: 'closed', reason: events.fatal.reason });
  });
});

describe('times', () => {
  it('an opening is given up after openTimeout, as a time-out', () => {
    const opening = step(stateOf('preparing'), events.token, facts({ openTimeout: 7000 })).state;
    expect(opening).toMatchObject({ state: 'opening', until: facts().now + 7000 });
    const { state } = step(opening, events.due, facts({ openTimeout: 7000 }));
    expect(state).toMatchObject({
      state: 'waiting',
      memory: { failures: 1, reason: { by: 'client', code: 4010, name: 'open-timeout', error: { code: 'timeout' } } },
    });
  });

  it('a connection is proved for 10 s from its welcome', () => {
    const { state } = step(stateOf('opening', { failures: 3 }), events.welcome, facts());
    expect(state).toMatchObject({ state: 'proving', since: facts().now, until: facts().now + 10_000, memory: { failures: 3 } });
  });

  it('only then the failures and the reason are forgotten, but not the attempts', () => {
    const held = { failures: 5, reason: reason(1006), attempts: [facts().now - 30_000], token: null };
    const { state } = step(stateOf('proving', held), events.due, facts());
    expect(state).toMatchObject({ state: 'stable', memory: { failures: 0, reason: null, attempts: held.attempts, token: null } });
  });

  it('an attempt is noted when the token is asked for', () => {
    const now = facts().now;
    const { state } = step(stateOf('waiting', { attempts: [now - 61_000, now - 5000] }), events.due, facts());
    expect(state).toMatchObject({ memory: { attempts: [now - 5000, now] } });
  });

  it('a pause forgets the failures, so that the next connect is at once', () => {
    const { state } = step(stateOf('waiting', { failures: 7 }), events.pause, facts());
    expect(state).toMatchObject({ state: 'paused', memory: { failures: 0, reason: null, floor: 0 } });
  });
});
