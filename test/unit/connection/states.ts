import type { Scene, SceneOptions } from './scene.ts';

async function doubt(scene: Scene): Promise<void> {
  await scene.enter();
  await scene.clock.advance(5000);
  scene.page.tell('network');
}

/** How to get a client into each state that it can be in. */
const WAYS: Readonly<
  Record<string, { readonly options?: SceneOptions; readonly reach: (scene: Scene) => Promise<void> | void }>
> = {
  untouched: { reach: () => {} },
  paused: {
    reach: async (scene) => {
      await scene.enter();
      scene.client.disconnect();
    },
  },
  'preparing, before the callback is called': { options: { getToken: () => 'token' }, reach: (scene) => scene.client.connect() },
  'preparing, while the callback hangs': {
    options: { getToken: () => new Promise(() => {}) },
    reach: async (scene) => {
      scene.client.connect();
      await scene.clock.settle();
    },
  },
  opening: {
    reach: async (scene) => {
      scene.client.connect();
      await scene.clock.settle();
    },
  },
  'opening, said hello': {
    reach: async (scene) => {
      scene.client.connect();
      await scene.clock.settle();
      scene.line.open();
    },
  },
  proving: { reach: (scene) => scene.enter() },
  stable: {
    reach: async (scene) => {
      await scene.enter();
      await scene.stabilise();
    },
  },
  'stable, with a token to renew': {
    options: { getToken: ({ reason }) => (reason === 'connect' ? 'token' : new Promise(() => {})) },
    reach: async (scene) => {
      scene.client.connect();
      await scene.clock.settle();
      scene.line.welcome({ ttl: 20_000 });
      await scene.clock.advance(17_000);
    },
  },
  doubting: { reach: doubt },
  'doubting, and only the verdict is awaited': {
    reach: async (scene) => {
      await scene.enter();
      scene.page.set({ online: false });
      await scene.clock.advance(1500);
    },
  },
  'preparing beside a doubtful one': {
    // A refused token is asked for again, and that one never comes.
    options: {
      getToken: ({ reason }) => (reason === 'connect' ? 'token' : new Promise(() => {})),
      random: () => 0,
    },
    reach: async (scene) => {
      await doubt(scene);
      await scene.clock.advance(500);
      scene.line.end(4201);
      scene.page.tell('network');
      await scene.clock.advance(500);
    },
  },
  'opening beside a doubtful one': {
    reach: async (scene) => {
      await doubt(scene);
      await scene.clock.advance(1000);
    },
  },
  'opening beside a doubtful one, said hello': {
    reach: async (scene) => {
      await doubt(scene);
      await scene.clock.advance(1000);
      scene.line.open();
    },
  },
  resting: {
    reach: async (scene) => {
      await scene.enter();
      scene.page.tell('freeze');
    },
  },
  waiting: {
    reach: async (scene) => {
      await scene.enter();
      scene.line.end(1006);
    },
  },
  offline: {
    reach: async (scene) => {
      await scene.enter();
      scene.page.set({ online: false });
      scene.line.end(1006);
    },
  },
  closed: {
    reach: async (scene) => {
      await scene.enter();
      scene.line.send({ t: 'bye', code: 4403, why: 'not you' });
    },
  },
};
export const STATES = Object.entries(WAYS);
