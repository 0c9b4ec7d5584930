import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Tokens, createTokens } from '../../../src/connection/token.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import type { TokenContext } from '../../../src/types.ts';
import { type Deferred, createDeferred } from '../../../src/util/deferred.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

interface Ask extends TokenContext, Deferred<unknown> {}

let clock: VirtualClock;
let environment: Environment;
let asks: Ask[];
let tokens: Tokens;

/** What a promise comes to: its value, or the code of its error. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: unknown) => (error instanceof HoldfastError ? `! ${error.code}` : error),
  );
}

async function given(token: string | null, reason: TokenContext['reason'] | null = 'connect'): Promise<unknown> {
  const promise = tokens.get(reason);
  await clock.settle();
  asks.at(-1)!.resolve(token);
  return promise;
}

beforeEach(() => {
  clock = createVirtualClock();
  asks = [];
  const { now, setTimeout, clearTimeout } = clock;
  environment = createEnvironment({ now, setTimeout, clearTimeout });
  tokens = createTokens(environment, (context) => {
    const deferred = createDeferred<unknown>();
    asks.push({ ...context, ...deferred });
    return deferred.promise as Promise<string | null>;
  });
});
afterEach(async () => {
  await clock.settle();
  expect(clock.pending).toBe(0);
});

describe('getToken', () => {
  it('is asked with the reason, and what it returns is the token', async () => {
    expect(await given('one', 'expired')).toBe('one');
    expect(asks.map(({ reason }) => reason)).toEqual(['expired']);
  });

  it('may be synchronous', async () => {
    const plain = createTokens(environment, () => 'at once');
    expect(await plain.get('connect')).toBe('at once');
  });

  it('may go on as anonymous', async () => {
    expect(await given(null)).toBeNull();
  });

  it('is asked once for all who ask meanwhile', async () => {
    const all = [tokens.get('connect'), tokens.get('refresh'), tokens.get(null), tokens.get('expired')];
    await clock.settle();
    asks[0]!.resolve('one');
    expect(await Promise.all(all)).toEqual(['one', 'one', 'one', 'one']);
    expect(asks).toHaveLength(1);
  });

  it('is asked again once it has answered', async () => {
    await given('one');
    expect(await given('two', 'refresh')).toBe('two');
    expect(asks).toHaveLength(2);
  });

  it('is asked again once it has failed', async () => {
    const first = tokens.get('connect');
    await clock.settle();
    asks[0]!.reject(new Error('no network'));
    expect(await outcome(first)).toBe('! token-failed');
    expect(await given('two')).toBe('two');
  });
});

describe('a callback that misbehaves', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { token: 'x' }],
    ['true', true],
    ['a function', () => 'x'],
  ])('returns %s', async (_, rubbish) => {
    const promise = tokens.get('connect');
    await clock.settle();
    asks[0]!.resolve(rubbish);
    expect(await outcome(promise)).toBe('! token-failed');
  });

  it('throws at once', async () => {
    const cause = new Error('mine');
    const bad = createTokens(environment, () => {
      throw cause;
    });
    const error: unknown = await bad.get('connect').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'token-failed', cause });
  });

  it('throws what is no error', async () => {
    const promise = tokens.get('connect');
    await clock.settle();
    asks[0]!.reject(undefined);
    expect(await outcome(promise)).toBe('! token-failed');
  });

  it('hangs: after 10 s it is given up, and its signal aborted', async () => {
    const promise = tokens.get('connect');
    await clock.advance(9999);
    expect(asks[0]!.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(await outcome(promise)).toBe('! token-failed');
    expect(asks[0]!.signal.aborted).toBe(true);
  });

  it('answers after it was given up: that token is not taken', async () => {
    const promise = tokens.get('connect');
    await clock.advance(10_000);
    await outcome(promise);
    asks[0]!.resolve('late');
    await clock.settle();
    expect(await given('two', null)).toBe('two');
  });

  it('says that the user is signed out', async () => {
    const promise = tokens.get('connect');
    await clock.settle();
    asks[0]!.reject(new HoldfastError('unauthorized', 'Signed out.'));
    expect(await outcome(promise)).toBe('! unauthorized');
  });

  it('was aborted by somebody else: that is a failure like any other', async () => {
    const cause = new HoldfastError('aborted', 'A request of the app was aborted.');
    const promise = tokens.get('connect');
    await clock.settle();
    asks[0]!.reject(cause);
    expect(await promise.catch((thrown: unknown) => thrown)).toMatchObject({ code: 'token-failed', cause });
  });

  it('throws another error of this library', async () => {
    const promise = tokens.get('connect');
    await clock.settle();
    asks[0]!.reject(new HoldfastError('unavailable', 'A request of the app failed.'));
    expect(await outcome(promise)).toBe('! token-failed');
  });
});

describe('abort', () => {
  it('aborts the signal and rejects with `aborted`, whatever the callback does', async () => {
    const promise = tokens.get('connect');
    await clock.settle();
    tokens.abort();
    expect(await outcome(promise)).toBe('! aborted');
    expect(asks[0]!.signal.aborted).toBe(true);
    asks[0]!.resolve('late');
    await clock.settle();
    expect(await given('two', null)).toBe('two');
  });

  it('frees the way at once: who asks next is not told of the abort', async () => {
    const first = tokens.get('connect');
    await clock.settle();
    tokens.abort();
    const second = tokens.get('connect');
    await clock.settle();
    expect(asks).toHaveLength(2);
    asks[1]!.resolve('two');
    expect(await Promise.all([outcome(first), outcome(second)])).toEqual(['! aborted', 'two']);
  });

  it('of an older question does not open the way beside a newer one', async () => {
    void tokens.get('connect').catch(() => {});
    tokens.abort();
    void tokens.get('connect');
    await clock.settle();
    const before = asks.length;
    void tokens.get('connect');
    await clock.settle();
    expect(asks).toHaveLength(before);
    asks.at(-1)!.resolve('two');
  });

  it('without a question does nothing', async () => {
    tokens.abort();
    expect(await given('one')).toBe('one');
    tokens.abort();
    expect(await tokens.get(null)).toBe('one');
  });

  it('needs no listener: an ignored rejection is no unhandled one', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    void tokens.get('connect');
    await clock.settle();
    tokens.abort();
    asks[0]!.reject(new Error('late'));
    await clock.settle();
    await clock.settle();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('the token at hand', () => {
  it('serves every reconnect if the server told no end', async () => {
    await given('one');
    await clock.advance(1_000_000_000);
    expect(await tokens.get(null)).toBe('one');
    expect(asks).toHaveLength(1);
  });

  it('serves until 80 % of its life have passed, then is refreshed', async () => {
    await given('one');
    expect(tokens.noteLife(100_000)).toBe(clock.now() + 80_000);
    await clock.advance(79_999);
    expect(await tokens.get(null)).toBe('one');
    await clock.advance(1);
    expect(await given('two', null)).toBe('two');
    expect(asks.map(({ reason }) => reason)).toEqual(['connect', 'refresh']);
  });

  it.each([
    ['one with a life', 100_000, 80_000, 'refresh'],
    ['one that has ended', 0, 0, 'expired'],
  ] as const)('is renewed, %s, when noteLife says, and not again within 5 s', async (_, ttl, after, reason) => {
    await given('one');
    expect(tokens.noteLife(ttl)).toBe(clock.now() + after);
    await clock.advance(after);
    const renewal = tokens.renew();
    const at = clock.now();
    await clock.settle();
    asks[1]!.resolve('two');
    expect([await renewal, asks[1]!.reason]).toEqual(['two', reason]);
    expect([tokens.noteLife(0), tokens.noteLife(1000), tokens.noteLife(60_000)]).toEqual([at + 5000, at + 5000, at + 48_000]);
  });

  it('is renewed within 5 s though the clock was set back by an hour', async () => {
    let back = 0;
    const { setTimeout, clearTimeout } = clock;
    const now = (): number => clock.now() - back;
    const plain = createTokens(createEnvironment({ now, setTimeout, clearTimeout }), () => 'token');
    await plain.get('connect');
    await plain.renew();
    back = 3_600_000;
    expect(plain.noteLife(0)).toBe(now() + 5000);
  });

  it('does not serve if a reason says so', async () => {
    await given('one');
    expect(await given('two', 'rejected')).toBe('two');
  });

  it('may be the absence of one', async () => {
    await given(null);
    expect(await tokens.get(null)).toBeNull();
    expect(asks).toHaveLength(1);
  });

  it('stays when a refresh fails, as long as it lives', async () => {
    await given('one');
    const refresh = tokens.get('refresh');
    await clock.settle();
    asks[1]!.reject(new Error('no network'));
    await outcome(refresh);
    expect(await tokens.get(null)).toBe('one');
  });

  it('is asked for when there never was one', async () => {
    expect(await given('one', null)).toBe('one');
    expect(asks[0]!.reason).toBe('refresh');
  });
});
