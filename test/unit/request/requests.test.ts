// Holds I11 (docs/guarantees.md).
/** A client's requests, against a server that the test plays frame by frame: how often, how long, on which connection. */
import { describe, expect, it } from 'vitest';
import type { RequestOptions } from '../../../src/types.ts';
import type { SceneOptions } from '../connection/scene.ts';
import { answer, ask, CAPS, enter, open } from './support.ts';

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

  it('has no longer than its time limit when the clock is set back before it is sent', async () => {
    let ahead = 100_000;
    const scene = open({ environment: { now: () => scene.clock.now() + ahead } });
    const asked = ask(scene, 'm', null, { timeout: 1500 });
    await scene.clock.advance(500);
    ahead = 0;
    scene.line.welcome(CAPS);
    await scene.clock.settle();
    expect(scene.line.sent('req')).toMatchObject([{ timeout: 1500 }]);
    await scene.clock.advance(1000);
    expect(asked.state).toBe('timeout');
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
});
