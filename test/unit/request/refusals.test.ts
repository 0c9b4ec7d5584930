/** What a request is refused for, by the server and before it is sent; and how many are under way. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Res } from '../../../src/protocol/frame.ts';
import { answer, ask, CAPS, enter, open } from './support.ts';

describe('a request', () => {
  it.each<readonly [res: NonNullable<Res['err']>, told: Record<string, unknown>]>([
    [
      { code: 'not-found', message: 'no such method' },
      { code: 'not-found', message: 'no such method', retryable: false },
    ],
    [{ code: 'forbidden' }, { code: 'forbidden' }],
    [
      { code: 'rate-limited', after: 700 },
      { code: 'rate-limited', retryAfter: 700, retryable: true },
    ],
    [
      { code: 'unavailable', after: 1000 },
      { code: 'unavailable', retryAfter: 1000 },
    ],
    [{ code: 'unknown-outcome' }, { code: 'unknown-outcome', retryable: true }],
    [{ code: 'app', app: 'sold-out', message: 'Sold out' }, { code: 'app', details: { appCode: 'sold-out' }, message: 'Sold out', retryable: false }], // prettier-ignore
    [{ code: 'app', app: 'busy', retry: true, after: 5 }, { code: 'app', details: { appCode: 'busy' }, retryable: true, retryAfter: 5 }], // prettier-ignore
    [{ code: 'from-the-future' }, { code: 'app' }],
  ])('is refused as the server says: %o', async (err, told) => {
    const scene = await enter();
    const asked = ask(scene);
    await scene.clock.settle();
    answer(scene.line, scene.line.sent('req')[0], { err });
    await scene.clock.settle();
    expect(asked.error).toMatchObject(told);
  });

  it.each<readonly [what: string, code: string, params: unknown]>([
    ['a function', 'invalid', () => 1],
    ['NaN', 'invalid', Number.NaN],
    ['too much', 'too-large', 'x'.repeat(70_000)],
  ])('with what cannot travel is refused at once: %s', async (_what, code, params) => {
    const scene = open();
    const asked = ask(scene, 'm', params);
    await scene.clock.settle();
    expect([asked.state, scene.transport.openings.length]).toEqual([code, 0]);
  });

  it('that is no message of its own is refused at once, for it would end the connection', async () => {
    const scene = open();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({
      ...CAPS,
      limits: { ...DEFAULT_LIMITS, message: 12_048 },
    });
    await scene.clock.settle();
    const asked = [ask(scene, 'm', 'x'.repeat(10_000)), ask(scene, 'm', 'x'.repeat(9900)), ask(scene, 'm', new Uint8Array(7600))];
    await scene.clock.settle();
    expect(asked.map(({ state }) => state)).toEqual(['too-large', 'open', 'too-large']);
  });

  it.each<readonly [code: string, method: unknown, options: Record<string, unknown>]>([
    ['invalid-name', '', {}],
    ['invalid-name', 'a\nb', {}],
    ['invalid-name', 7, {}],
    ['invalid-option', 'm', { key: '' }],
    ['invalid-option', 'm', { key: 'k'.repeat(257) }],
    ['invalid-option', 'm', { key: 7 }],
    ['invalid-option', 'm', { timeout: 0 }],
    ['invalid-option', 'm', { timeout: Number.NaN }],
  ])('that is a slip throws at once: %s %#', (code, method, options) => {
    const { client } = open();
    expect(() => client.request(method as string, null, options)).toThrow(expect.objectContaining({ code }));
  });

  it('takes a place of 64, and gives it back however it ends', async () => {
    const scene = await enter();
    const asked = Array.from({ length: 70 }, (_, n) => ask(scene, `m${n}`, null, n === 0 ? { timeout: 500 } : {}));
    await scene.clock.settle();
    expect(scene.line.sent('req')).toHaveLength(64);
    answer(scene.line, scene.line.sent('req')[1]);
    await scene.clock.advance(500);
    expect(scene.line.sent('req')).toHaveLength(66);
    expect(asked.filter(({ state }) => state === 'open')).toHaveLength(68);
  });

  it('takes a place of 4 where each is a request of the browser', async () => {
    const scene = await enter({ script: { requests: true } });
    for (let n = 0; n < 6; n += 1) ask(scene);
    await scene.clock.settle();
    expect(scene.line.sent('req')).toHaveLength(4);
  });
});
