/** Requests without a key that are under way while another connection takes over: the old one stays for their answers. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createScene, type Scene } from '../connection/scene.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { answer, ask, CAPS, type Asked } from './support.ts';
import type { RequestOptions } from '../../../src/types.ts';

/** Carried by the lesser of two transports, until the better one is welcomed too. */
async function late(options?: RequestOptions): Promise<{ scene: Scene; asked: Asked; old: Opening; take(): Promise<Opening> }> {
  const scene = createScene({ random: () => 0.5, lesser: [{ name: 'lesser' }] });
  scene.client.on('error', () => {});
  onTestFinished(() => scene.end());
  scene.client.connect();
  // The better one is silent, so the other is started beside it.
  await scene.clock.advance(1500);
  const old = scene.transports[1]!.latest;
  old.welcome(CAPS);
  await scene.clock.settle();
  const asked = ask(scene, 'm', null, options);
  await scene.clock.settle();
  return {
    ...{ scene, asked, old },
    async take() {
      scene.transport.latest.welcome(CAPS);
      await scene.clock.settle();
      return scene.transport.latest;
    },
  };
}

describe('a request whose connection is replaced', () => {
  it('gets its answer there, and is sent nowhere else', async () => {
    const { scene, asked, old, take } = await late();
    const taken = await take();
    expect([scene.status, old.state, asked.state]).toMatchObject([{ state: 'connected', transport: 'scripted' }, 'open', 'open']);
    answer(old, old.sent('req')[0], { d: 1 });
    await scene.clock.settle();
    expect([asked.state, taken.sent('req')]).toEqual([1, []]);
    await scene.clock.advance(4000);
    expect(old.state).toBe('closed');
  });

  it('has 4 s for that', async () => {
    const { scene, asked, old, take } = await late();
    await take();
    await scene.clock.advance(3999);
    expect([asked.state, old.state]).toEqual(['open', 'open']);
    await scene.clock.advance(1);
    expect([asked.state, old.state]).toEqual(['connection-lost', 'closed']);
  });

  it('is lost with it', async () => {
    const { scene, asked, old, take } = await late();
    await take();
    old.send({ t: 'bye', code: 4009, why: 'superseded' });
    await scene.clock.settle();
    expect([asked.state, scene.status.state]).toEqual(['connection-lost', 'connected']);
  });

  it('with a key is sent again at once, and the old connection goes', async () => {
    const { asked, old, take } = await late({ key: 'k' });
    const taken = await take();
    expect([asked.state, old.state, taken.sent('req').length]).toEqual(['open', 'closed', 1]);
  });

  it.each(['pause', 'destroy'] as const)('leaves nothing behind: %s', async (end) => {
    const { scene, asked, old, take } = await late();
    await take();
    if (end === 'pause') scene.client.disconnect();
    else scene.client.destroy();
    await scene.clock.settle();
    expect([asked.state, old.state]).toEqual([end === 'pause' ? 'connection-lost' : 'destroyed', 'closed']);
  });
});
