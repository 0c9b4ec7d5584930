/** Components that show one value, mounted in jsdom with a client of a world. */
import { type VueWrapper, mount } from '@vue/test-utils';
import { afterEach, expect } from 'vitest';
import { type App, type Component, defineComponent, h } from 'vue';
import type { Client } from 'holdfast';
import { createHooks } from 'holdfast/vue';
import { type World, createWorld } from '../../support/world.ts';

export const hooks = createHooks();

export interface Probe {
  readonly component: Component;
  /** How often a component of it rendered. */
  readonly renders: number;
}

/** Shows what the function that `setup` returns gives, as JSON. */
export function createProbe(setup: () => () => unknown): Probe {
  let renders = 0;
  const component = defineComponent({
    name: 'Probe',
    setup() {
      const show = setup();
      return () => {
        renders += 1;
        return h('p', JSON.stringify(show()));
      };
    },
  });
  return {
    component,
    get renders() {
      return renders;
    },
  };
}

export interface Stage extends Pick<World, 'clock' | 'server' | 'open'> {
  mount(client: Client, component: Component): VueWrapper;
}

/** A world for each test. At its end everything is unmounted, and no timer is left when what lingers has gone. */
export function useStage(): () => Stage {
  let made: { readonly world: World; readonly mounted: VueWrapper[] }[] = [];
  afterEach(async () => {
    const mine = made;
    made = [];
    for (const { world, mounted } of mine) {
      mounted.forEach((wrapper) => wrapper.unmount());
      await world.end();
      expect(world.clock.pending, 'timers that are left').toBe(0);
    }
  });
  return () => {
    const world = createWorld();
    const mounted: VueWrapper[] = [];
    made.push({ world, mounted });
    return {
      clock: world.clock,
      server: world.server,
      open: world.open,
      mount(client, component) {
        const wrapper = mount(component, {
          global: { plugins: [{ install: (app: App) => void app.use(hooks.plugin, client) }] },
        });
        mounted.push(wrapper);
        return wrapper;
      },
    };
  };
}
