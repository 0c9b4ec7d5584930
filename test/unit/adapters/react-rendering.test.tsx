// @vitest-environment jsdom
/** The hooks under the ways in which React renders: on a server, taken over in a page, suspended, hidden, concurrently. */
import { act, cleanup, configure, render } from '@testing-library/react';
import { Activity, StrictMode, Suspense, startTransition, use, useLayoutEffect, useState, type ReactNode } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { createHooks } from 'holdfast/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { composeClient } from '../../../src/client.ts';
import type { Client, StoreDefinition } from '../../../src/types.ts';
import { until } from '../../support/until.ts';
import { useWorld } from '../channel/traffic.ts';
import { withoutReports } from './driver.ts';
import { framesOf, say } from './wire.ts';

const { Provider, useClient, useLatest, useLatestBy, useMessages, useOutbox, usePublish, useStatus, useStore, useUiStatus } =
  createHooks();
const createWorld = useWorld();
configure({ reactStrictMode: true });
afterEach(cleanup);
const soon = (holds: () => boolean): Promise<void> => until(holds, 10_000, 'it is shown');
const roots: Root[] = [];
afterEach(() => act(() => roots.splice(0).forEach((root) => root.unmount())));

const settled = new WeakSet<object>();
/** React 18 has no `use`: there, whoever waits throws the promise. */
const wait =
  use ??
  ((promise: Promise<void>) => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- React asks for it
    if (!settled.has(promise)) throw promise.then(() => settled.add(promise));
  });

const COUNT: StoreDefinition<number> = { initial: 0, reduce: (count) => count + 1 };

function Everything(): ReactNode {
  const { messages, status } = useMessages('room');
  const list = messages.map(({ data }) => String(data)).join();
  const { pending } = usePublish('room');
  const { state, status: ofStore } = useStore('room', COUNT);
  const shown = [useStatus().state, useUiStatus().banner, useOutbox().entries.length, pending, state, ofStore];
  return <p>{[list, status, ...shown, useLatest('room', 'e'), useLatestBy('room', 'e', String).size].join(' ')}</p>;
}
const App = ({ client, children = <Everything /> }: { readonly client: Client; readonly children?: ReactNode }): ReactNode => (
  <StrictMode>
    <Provider client={client}>{children}</Provider>
  </StrictMode>
);
const SERVED = '<p> idle idle hidden 0 0 0 loading  0</p>';
const LIVE = '1 live connected hidden 0 0 1 live 1 1';

describe('on a server', () => {
  it('nothing is touched, and nothing is kept', () => {
    const touched = vi.fn(() => {
      throw new Error('not on a server');
    });
    const transport = { name: 'memory', isSupported: touched, open: touched };
    const environment = { now: touched, setTimeout: touched, random: touched, createId: touched, fetch: touched };
    const client = composeClient({ url: '/realtime', transports: [transport], environment });
    const channel = vi.spyOn(client, 'channel');
    expect(renderToString(<App client={client} />)).toBe(SERVED);
    expect(renderToString(<App client={client} />)).toBe(SERVED);
    expect([touched.mock.calls, channel.mock.calls]).toEqual([[], []]);
  });
});

describe('what a server rendered', () => {
  it('is taken over as it is, though the client is live already, and goes on', async () => {
    const world = createWorld();
    const { client } = world.open();
    const before = render(<App client={client} />);
    await act(() => world.clock.advance(100));
    await say(world, 'room', 1);
    await act(() => world.clock.advance(100));
    expect(before.container.textContent).toBe(LIVE);
    const container = document.createElement('div');
    container.innerHTML = SERVED;
    const faults: unknown[] = [];
    const first = container.firstChild;
    await act(async () => {
      roots.push(hydrateRoot(container, <App client={client} />, { onRecoverableError: (error) => faults.push(error) }));
    });
    expect(faults).toEqual([]);
    expect(container.firstChild).toBe(first);
    // What is not shared begins with the next message.
    expect(container.textContent).toBe('1 live connected hidden 0 0 1 live  0');
  });
});

describe('a component that is not shown yet', () => {
  it('asks for nothing while it is suspended', async () => {
    const world = createWorld();
    const page = world.open();
    let ready = (): void => {};
    const loading = new Promise<void>((resolve) => (ready = resolve));
    function Late(): ReactNode {
      const { status } = useMessages('room');
      wait(loading);
      return <p>{status}</p>;
    }
    let shown!: ReturnType<typeof render>;
    await act(async () => {
      shown = render(
        <App client={page.client}>
          <Suspense fallback="…">
            <Late />
          </Suspense>
        </App>,
      );
    });
    await act(() => world.clock.advance(5000));
    expect([shown.container.textContent, page.network.opened]).toEqual(['…', 0]);
    await act(async () => ready());
    await act(() => world.clock.advance(100));
    expect([shown.container.textContent, framesOf(page, 'sub', 'hist')]).toEqual(['live', ['sub', 'hist']]);
  });

  // React 18 cannot hide a part of a page.
  it.skipIf(Activity === undefined)('lets go while it is hidden, and reads anew what it missed', async () => {
    const world = createWorld();
    const page = world.open();
    function List(): ReactNode {
      const { messages } = useMessages('room');
      return messages.map(({ data }) => String(data)).join();
    }
    const app = (mode: 'hidden' | 'visible'): ReactNode => (
      <App client={page.client}>
        <Activity mode={mode}>
          <List />
        </Activity>
      </App>
    );
    const { rerender, container } = render(app('visible'));
    const later = async (ms: number): Promise<void> => {
      await say(world, 'room', framesOf(page, 'sub', 'unsub').length);
      await act(() => world.clock.advance(ms));
    };
    await act(() => world.clock.advance(100));
    await later(100);
    rerender(app('hidden'));
    await later(5000);
    expect(framesOf(page, 'sub', 'unsub')).toEqual(['sub', 'unsub']);
    await later(5000);
    rerender(app('visible'));
    await later(5000);
    expect(container.textContent).toBe('1,1,2,2');
  });
});

describe('concurrent rendering', () => {
  it('shows one state of the list everywhere, although it changes between two slices of a render', async () => {
    const world = createWorld();
    const { client } = world.open();
    const seen: number[] = [];
    const committed: string[] = [];
    let show = (_: boolean): void => {};
    function Slow(): ReactNode {
      const { messages } = useMessages('room');
      seen.push(messages.length);
      // Longer than a slice of React's scheduler, so that it lets others run in between.
      for (const end = performance.now() + 8; performance.now() < end;);
      return <i>{messages.length} </i>;
    }
    function Parent(): ReactNode {
      const [shown, setShown] = useState(false);
      show = setShown;
      const { messages } = useMessages('room');
      useLayoutEffect(() => void committed.push(container.textContent ?? ''));
      return (
        <>
          <b>{messages.length} </b>
          {shown && Array.from({ length: 12 }, (_, key) => <Slow key={key} />)}
        </>
      );
    }
    const container = document.createElement('div');
    const root = createRoot(container);
    const environment = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
    // `act` would render without slices.
    environment.IS_REACT_ACT_ENVIRONMENT = false;
    try {
      root.render(
        <Provider client={client}>
          <Parent />
        </Provider>,
      );
      await soon(() => container.textContent !== '');
      await world.clock.advance(100);
      await say(world, 'room', 1);
      await world.clock.advance(100);
      await soon(() => container.textContent === '1 ');
      startTransition(() => show(true));
      await soon(() => seen.length > 2);
      expect(container.textContent).toBe('1 ');
      await say(world, 'room', 2);
      await world.clock.advance(100);
      await soon(() => container.textContent === '2 '.repeat(13));
    } finally {
      environment.IS_REACT_ACT_ENVIRONMENT = true;
      act(() => root.unmount());
    }
    // It did change in the middle.
    expect(seen.slice(0, 3)).toEqual([1, 1, 1]);
    expect(seen.at(-1)).toBe(2);
    for (const text of committed) expect(new Set(text.trim().split(' ')).size, text).toBe(1);
  });
});

it('a hook outside of a Provider says so', async () => {
  const Lost = (): ReactNode => useClient().status.get().state;
  await withoutReports(() => expect(() => render(<Lost />)).toThrow('There is no <Provider client={…}> around this component.'));
});
