// Holds I11 (docs/guarantees.md).
/** A client's requests, against a server that the test plays frame by frame. */
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HoldfastError } from '../../../src/errors.ts';
import { DEFAULT_LIMITS, type Req, type Res } from '../../../src/protocol/frame.ts';
import type { RequestOptions } from '../../../src/types.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { createScene, type Scene, type SceneOptions } from '../connection/scene.ts';

const CAPS = { caps: ['req'] };

function open(options?: SceneOptions): Scene {
  const scene = createScene({ random: () => 0.5, ...options });
  scene.client.on('error', () => {});
  onTestFinished(() => scene.end());
  return scene;
}

/** Welcomed by a server that takes requests. */
async function enter(options?: SceneOptions): Promise<Scene> {
  const scene = open(options);
  scene.client.connect();
  await scene.clock.settle();
  scene.line.welcome(CAPS);
  await scene.clock.settle();
  return scene;
}

interface Asked {
  /** open, the result, or the code of the error. */
  readonly state: unknown;
  readonly error: HoldfastError | undefined;
  readonly settled: number;
}

function ask({ client }: Scene, method = 'm', params?: unknown, options?: RequestOptions): Asked {
  const asked = { state: 'open' as unknown, error: undefined as HoldfastError | undefined, settled: 0 };
  const settle = (state: unknown, error?: HoldfastError): void => void Object.assign(asked, { state, error, settled: asked.settled + 1 }); // prettier-ignore
  client
    .request(method, params, options)
    .then(settle, (error: unknown) => settle((error as HoldfastError).code, error as HoldfastError));
  return asked;
}

const answer = (line: Opening, req: Req | undefined, res: Partial<Res> = {}): void =>
  line.send({ t: 'res', id: req!.id, ...res });

describe('a request', () => {
  it('is one frame, and its answer is told by its id', async () => {
    const scene = await enter();
    const asked = [
      ask(scene, 'add', { a: 1 }),
      ask(scene, 'add', new Uint8Array([1])),
      ask(scene, 'now', undefined, { key: 'k' }),
    ];
    await scene.clock.settle();
    const sent = scene.line.sent('req');
    const id = expect.any(String) as string;
    expect(sent).toEqual([
      { t: 'req', id, m: 'add', d: { a: 1 }, timeout: 10_000 },
      { t: 'req', id, m: 'add', d: new Uint8Array([1]), timeout: 10_000 },
      { t: 'req', id, m: 'now', key: 'k', timeout: 10_000 },
    ]);
    expect(new Set(sent.map((req) => req.id)).size).toBe(3);
    scene.line.send({ t: 'res', id: 'unknown', d: 9 });
    answer(scene.line, sent[2]);
    answer(scene.line, sent[0], { d: 3 });
    answer(scene.line, sent[0], { d: 4 });
    await scene.clock.settle();
    expect(asked.map(({ state }) => state)).toEqual([3, 'open', undefined]);
    answer(scene.line, sent[1], { d: new Uint8Array([7]) });
    await scene.clock.settle();
    expect(asked.map(({ state, settled }) => [state, settled])).toEqual([[3, 1], [new Uint8Array([7]), 1], [undefined, 1]]); // prettier-ignore
  });

  it('connects by itself, and waits for the connection', async () => {
    const scene = open();
    const asked = ask(scene);
    await scene.clock.advance(1500);
    scene.line.welcome(CAPS);
    await scene.clock.settle();
    expect(scene.line.sent('req')).toMatchObject([{ m: 'm', timeout: 8500 }]);
    answer(scene.line, scene.line.sent('req')[0], { d: 1 });
    await scene.clock.settle();
    expect(asked.state).toBe(1);
  });

  it.each<readonly [what: string, options: SceneOptions, given: RequestOptions, ms: number]>([
    ['10 s', {}, {}, 10_000],
    ['timing.requestTimeout', { timing: { requestTimeout: 700 } }, {}, 700],
    ['its own', { timing: { requestTimeout: 700 } }, { timeout: 2500 }, 2500],
    ['its own, with a key', {}, { timeout: 2500, key: 'k' }, 2500],
  ])('has a time limit: %s', async (_what, options, given, ms) => {
    const scene = await enter(options);
    const asked = ask(scene, 'm', null, given);
    await scene.clock.advance(ms - 1);
    expect(asked.state).toBe('open');
    await scene.clock.advance(1);
    expect(asked.state).toBe('timeout');
    answer(scene.line, scene.line.sent('req')[0], { d: 1 });
    await scene.clock.settle();
    expect([asked.state, asked.settled, scene.clock.pending]).toEqual(['timeout', 1, expect.any(Number)]);
  });

  it('has its time limit without a connection too, and is never sent then', async () => {
    const scene = open({ timing: { openTimeout: 60_000 } });
    const asked = ask(scene);
    await scene.clock.advance(10_000);
    expect([asked.state, asked.error?.message]).toEqual(['timeout', 'There was no connection in time.']);
    scene.line.welcome(CAPS);
    await scene.clock.settle();
    expect(scene.line.sent('req')).toEqual([]);
  });

  it('without a key is never sent twice: its connection ended, so nobody knows', async () => {
    const scene = await enter();
    const asked = ask(scene);
    await scene.clock.settle();
    scene.line.end(1006);
    await scene.clock.settle();
    expect([asked.state, asked.error?.retryable]).toEqual(['connection-lost', true]);
    const line = await scene.reopened();
    line.welcome(CAPS);
    await scene.clock.settle();
    expect(line.sent('req')).toEqual([]);
  });

  it('without a key that was not sent waits for the next connection', async () => {
    const scene = await enter();
    scene.line.end(1006);
    await scene.clock.settle();
    const asked = ask(scene);
    const line = await scene.reopened();
    line.welcome(CAPS);
    await scene.clock.settle();
    answer(line, line.sent('req')[0], { d: 1 });
    await scene.clock.settle();
    expect(asked.state).toBe(1);
  });

  it('with a key is sent again on each connection, with the time that is left', async () => {
    const scene = await enter();
    const asked = ask(scene, 'm', 1, { key: 'k', timeout: 30_000 });
    await scene.clock.settle();
    const [first] = scene.line.sent('req');
    const began = scene.clock.now();
    for (let turn = 0; turn < 3; turn += 1) {
      scene.line.end(1006);
      const line = await scene.reopened();
      line.welcome(CAPS);
      await scene.clock.settle();
      expect(line.sent('req')).toEqual([{ ...first, timeout: 30_000 - (scene.clock.now() - began) }]);
    }
    answer(scene.line, first, { d: 'once' });
    await scene.clock.settle();
    expect([asked.state, asked.settled]).toEqual(['once', 1]);
  });

  it('with a key is not sent to a server that forgot what it ran', async () => {
    const scene = await enter();
    const [under, waiting] = [ask(scene, 'm', 1, { key: 'k' }), ask(scene, 'm', 1, { key: 'l', timeout: 20_000 })];
    await scene.clock.settle();
    answer(scene.line, scene.line.sent('req')[1]);
    scene.line.end(1006);
    const line = await scene.reopened();
    const later = ask(scene, 'm', 1, { key: 'm' });
    line.welcome({ ...CAPS, mem: 'another' });
    await scene.clock.settle();
    expect([under.state, waiting.state, later.state]).toEqual(['unknown-outcome', undefined, 'open']);
    expect(line.sent('req').map(({ key }) => key)).toEqual(['m']);
  });

  it('is told what a pause, and the end of the client, make of it', async () => {
    const scene = await enter();
    const [sent, keyed] = [ask(scene), ask(scene, 'm', null, { key: 'k' })];
    await scene.clock.settle();
    scene.client.disconnect();
    await scene.clock.settle();
    const unsent = ask(scene);
    expect([sent.state, keyed.state]).toEqual(['connection-lost', 'open']);
    await scene.clock.advance(5000);
    scene.client.destroy();
    await scene.clock.settle();
    expect([keyed.state, unsent.state]).toEqual(['destroyed', 'destroyed']);
    expect(() => scene.client.request('m')).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });

  it('ends with the client that the server ended', async () => {
    const scene = await enter();
    const keyed = ask(scene, 'm', null, { key: 'k' });
    await scene.clock.settle();
    scene.line.send({ t: 'bye', code: 4403, why: 'no' });
    await scene.clock.settle();
    const late = ask(scene);
    await scene.clock.settle();
    expect([keyed.state, late.state]).toEqual(['forbidden', 'forbidden']);
  });

  it('is not sent to a server that knows none', async () => {
    const scene = await enter();
    scene.line.end(1006);
    const line = await scene.reopened();
    line.welcome({ caps: ['hist'] });
    const asked = ask(scene);
    await scene.clock.settle();
    expect([asked.state, line.sent('req')]).toEqual(['unsupported', []]);
  });

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

describe('a signal', () => {
  it('that is aborted before sends nothing, and connects nothing', async () => {
    const scene = open();
    const asked = ask(scene, 'm', null, { signal: AbortSignal.abort('why') });
    await scene.clock.settle();
    expect([asked.state, asked.error?.cause, scene.transport.openings.length]).toEqual(['aborted', 'why', 0]);
  });

  it('that is aborted while it waits sends nothing', async () => {
    const scene = open();
    const controller = new AbortController();
    const asked = ask(scene, 'm', null, { signal: controller.signal });
    await scene.clock.settle();
    controller.abort('why');
    scene.line.welcome(CAPS);
    await scene.clock.settle();
    expect([asked.state, asked.error?.cause, scene.line.batches.flat().filter(({ t }) => t !== 'ping')]).toEqual(['aborted', 'why', []]); // prettier-ignore
  });

  it('cancels what was sent, once, and its answer is nobody’s', async () => {
    const scene = await enter();
    const controller = new AbortController();
    const asked = ask(scene, 'm', null, { signal: controller.signal });
    await scene.clock.settle();
    const [req] = scene.line.sent('req');
    controller.abort('why');
    controller.abort('again');
    await scene.clock.settle();
    expect(scene.line.sent('cancel')).toEqual([{ t: 'cancel', id: req!.id }]);
    answer(scene.line, req, { d: 1 });
    await scene.clock.settle();
    expect([asked.state, asked.error?.cause, asked.settled]).toEqual(['aborted', 'why', 1]);
  });

  it('is not listened to any more when it is over', async () => {
    const scene = await enter();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const added = vi.spyOn(signal, 'addEventListener');
    ask(scene, 'm', null, { signal });
    await scene.clock.settle();
    answer(scene.line, scene.line.sent('req')[0]);
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1]);
  });
});

describe('a promise that nobody looks at', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  afterEach(() => void process.off('unhandledRejection', note));

  it('is no unhandled rejection', async () => {
    process.on('unhandledRejection', note);
    const scene = await enter();
    void scene.client.request('m');
    void scene.client.request('m', () => 1);
    void scene.client.request('m', null, { signal: AbortSignal.abort() });
    await scene.clock.settle();
    scene.line.end(1006);
    await scene.clock.advance(20_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});
