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

it('a component that changes to another with the same code leaves the store of those that keep theirs as it is', async () => {
  const make = (mark: string): StoreDefinition<string> => ({
    initial: '',
    reduce: (text, { data }) => `${text}${mark}${String(data)} `,
  });
  const definitions: Readonly<Record<string, StoreDefinition<string>>> = { x: make('x'), y: make('y') };
  const One = ({ of }: { readonly of: string }): ReactNode => useStore('room', definitions[of]!).state;
  const { give, say, shown } = await stage(({ with: of }) => [<One key="changes" of={of} />, ' | ', <One key="keeps" of="x" />]);
  await say(1);
  expect(shown()).toBe('x1  | x1 ');
  give('y');
  await say(2);
  expect(shown()).toMatch(/ \| x1 x2 $/);
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
  expect.hasAssertions();
  const bad = { initial: 0 } as unknown as StoreDefinition<number>;
  const Bad = (): ReactNode => useStore('room', bad).state;
  const thrown = await stage(Bad).catch(
    (error: unknown) => error as { readonly code?: string; readonly errors?: readonly object[] },
  );
  // StrictMode mounts twice: React 19 throws both in one, React 18 the first.
  for (const error of 'errors' in thrown ? thrown.errors : [thrown]) expect(error).toMatchObject({ code: 'invalid-option' });
});
