// @vitest-environment jsdom
/** Definitions that are written in a component of React, where each render makes them anew. */
import { act, cleanup, configure, render } from '@testing-library/react';
import { createHooks } from 'holdfast/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it } from 'vitest';
import type { StoreDefinition } from '../../../src/types.ts';
import { useWorld } from '../channel/traffic.ts';
import { framesOf, say } from './wire.ts';

const { Provider, usePublish, useStore } = createHooks();
const createWorld = useWorld();
configure({ reactStrictMode: true });
afterEach(cleanup);

async function stage(Component: (props: { readonly with: string }) => ReactNode) {
  const world = createWorld();
  const page = world.open();
  const app = (given: string): ReactNode => (
    <Provider client={page.client}>
      <Component with={given} />
    </Provider>
  );
  const wait = (ms = 100): Promise<void> => act(() => world.clock.advance(ms));
  const { container, rerender, unmount } = render(app('x'));
  await wait();
  return {
    ...{ page, wait, unmount },
    shown: () => container.textContent,
    give: (given: string) => act(() => rerender(app(given))),
    async say(data: unknown) {
      await say(world, 'room', data);
      await wait();
    },
  };
}

it('one that its own state renders anew is one store and one subscription', async () => {
  let renders = 0;
  const { page, say, shown, unmount, wait } = await stage(() => {
    renders += 1;
    const { state, status } = useStore('room', {
      initial: [] as readonly string[],
      load: (all: readonly string[]) => all,
      reduce: (list, { data, pending }) => [...list, pending ? `(${data})` : String(data)],
    });
    const { publish } = usePublish('room');
    return (
      <button onClick={() => publish('e', 'own')}>
        {status} {state.join()}
      </button>
    );
  });
  await say('a');
  expect(shown()).toBe('live a');
  await act(async () => document.querySelector('button')!.click());
  expect(shown()).toBe('live a,(own)');
  await wait();
  await say('b');
  expect(shown()).toBe('live a,own,b');
  await wait(60_000);
  // StrictMode renders twice.
  expect(renders).toBeLessThan(30);
  expect(framesOf(page, 'sub', 'unsub')).toEqual(['sub']);
  unmount();
  await wait(5000);
  expect(framesOf(page, 'sub', 'unsub')).toEqual(['sub', 'unsub']);
});

it('messages go through the functions of the latest render, with what they close over', async () => {
  const { give, say, shown } = await stage(({ with: mark }) => {
    const { state } = useStore('room', { initial: '', reduce: (text: string, { data }) => `${text}${mark}${data} ` });
    return state;
  });
  await say(1);
  give('y');
  expect(shown()).toBe('x1 ');
  await say(2);
  expect(shown()).toBe('x1 y2 ');
});

it('another definition is another store, for whoever wants it and for nobody else', async () => {
  const SUM: StoreDefinition<number> = { initial: 0, reduce: (sum, { data }) => sum + Number(data) };
  const COUNT: StoreDefinition<number> = { initial: 100, reduce: (count) => count + 1 };
  const { give, say, shown } = await stage(({ with: which }) => {
    const shared = useStore('room', SUM).state;
    return [useStore('room', which === 'x' ? SUM : COUNT).state, shared].join();
  });
  await say(5);
  expect(shown()).toBe('5,5');
  give('y');
  expect(shown()).toBe('100,5');
  await say(5);
  expect(shown()).toBe('101,10');
  give('x');
  expect(shown()).toBe('10,10');
});

it('one without a function to reduce with is refused at once, as an option', async () => {
  const bad = { initial: 0 } as unknown as StoreDefinition<number>;
  const Bad = (): ReactNode => useStore('room', bad).state;
  // StrictMode mounts twice.
  await expect(stage(Bad)).rejects.toMatchObject({ errors: [{ code: 'invalid-option' }, { code: 'invalid-option' }] });
});
