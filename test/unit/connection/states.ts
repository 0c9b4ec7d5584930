import type { Scene, SceneOptions } from './scene.ts';

/** How to get a client into each state that it can be in. */
const WAYS: Readonly<
  Record<string, { readonly options?: SceneOptions; readonly reach: (scene: Scene) => Promise<void> | void }>
> = {
  untouched: { reach: () => {} },
  idle: {
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
  'proving, under check': {
    reach: async (scene) => {
      await scene.enter();
      await scene.clock.advance(100);
      scene.page.set({ online: false });
    },
  },
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
