/** Requests that are given up, and those that nobody looks at. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answer, ask, CAPS, enter, open } from './support.ts';

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
