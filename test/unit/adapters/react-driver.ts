/** Shows hooks of React with Testing Library, always in StrictMode. */
import { act, cleanup, configure, render } from '@testing-library/react';
import { createElement, useLayoutEffect, useRef, type ReactNode } from 'react';
import { createHooks } from 'holdfast/react';
import { afterEach, vi } from 'vitest';
import type { Client } from '../../../src/types.ts';
import type { Driver, HookName, Mounted } from './driver.ts';

configure({ reactStrictMode: true });
afterEach(cleanup);

const hooks = createHooks();

/** What React and the hooks complain of goes to the console: a test that makes them complain says so. */
export function watchConsole(): () => readonly unknown[][] {
  const spy = vi.spyOn(console, 'error').mockImplementation(() => {});
  afterEach(() => spy.mockClear());
  return () => spy.mock.calls;
}

async function mountAll(client: Client, count: number, hook: HookName, ...first: readonly unknown[]): Promise<Mounted> {
  let value: unknown;
  let renders = 0;
  function One({ args }: { readonly args: readonly unknown[] }): ReactNode {
    const use = hooks[hook] as unknown as (...args: readonly unknown[]) => unknown;
    const got = use(...args);
    const before = useRef<unknown>(null);
    useLayoutEffect(() => {
      value = got;
      if (before.current !== got) renders += 1;
      before.current = got;
    });
    return null;
  }
  const app = (args: readonly unknown[]): ReactNode =>
    createElement(
      hooks.Provider,
      { client },
      Array.from({ length: count }, (_, key) => createElement(One, { key, args })),
    );
  let shown: ReturnType<typeof render>;
  await act(async () => {
    shown = render(app(first));
  });
  return {
    read: () => value,
    get renders() {
      return renders;
    },
    set: (...args) => act(() => shown.rerender(app(args))) as unknown as Promise<void>,
    unmount: () => act(() => shown.unmount()) as unknown as Promise<void>,
  };
}

export const reactDriver: Driver = {
  name: 'React',
  mount: (client, hook, ...args) => mountAll(client, 1, hook, ...args),
  mountAll,
  act: (run) =>
    act(async () => {
      await run();
    }),
};
