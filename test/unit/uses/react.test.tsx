// @vitest-environment jsdom
/** Components as an app writes them, with the hooks of its contract, against its server. */
import { act, cleanup, configure, fireEvent, render, screen } from '@testing-library/react';
import type { StoreDefinition } from 'holdfast';
import { createHooks } from 'holdfast/react';
import { type ReactNode, useEffect, useState } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import type { App, Task } from '../../types/app.ts';
import { startApp } from './app.ts';

const { Provider, useClient, useMessages, useOutbox, usePresence, usePublish, useStatus, useStore, useUiStatus } =
  createHooks<App>();
configure({ reactStrictMode: true });
afterEach(cleanup);

const shows = (text: RegExp): Promise<void> =>
  act(() =>
    until(
      () => text.test(document.body.textContent),
      10_000,
      () => `${document.body.textContent} is ${text}`,
    ),
  );

function Avatars({ me }: { readonly me: string | null }): ReactNode {
  const members = usePresence('board:7', { enter: me === null ? null : { name: me, at: null } });
  return <p>here: {members.map(({ data }) => data.name).join()}.</p>;
}

it('who is there is shown, and this page while it wants to be', async () => {
  const app = await startApp();
  const [ada, bob] = [app.open('ada'), app.open('bob')];
  const stop = bob.channel('board:7').presence.enter({ name: 'Bob', at: null });
  const page = (me: string | null): ReactNode => (
    <Provider client={ada}>
      <Avatars me={me} />
    </Provider>
  );
  const { rerender } = render(page('Ada'));
  await shows(/^here: (Ada,Bob|Bob,Ada)\.$/);
  rerender(page(null));
  await shows(/^here: Bob\.$/);
  stop();
  await shows(/^here: \.$/);
});

it('a banner says what is wrong, and tries again at a click', async () => {
  const app = await startApp();
  function Banner(): ReactNode {
    const [ui, status, client] = [useUiStatus(), useStatus(), useClient()];
    if (ui.banner === 'hidden') return <i>{status.state}</i>;
    if (ui.banner === 'ended') return <p>{ui.error?.remedy ?? 'Signed out'}</p>;
    const why = status.state === 'waiting' && `try ${status.attempt}, ${status.reason.name}`;
    return (
      <p>
        {ui.banner}: {why} <button onClick={() => client.retryNow()}>Try now</button>
      </p>
    );
  }
  let asked: 'refused' | 'let in' = 'refused';
  const getToken = (): string => {
    if (asked === 'refused') throw new Error('The token desk is closed.');
    return 'ada';
  };
  const client = app.open('ada', { getToken, timing: { uiGrace: 0, backoffBase: 600_000, backoffCap: 600_000 } });
  client.on('error', () => {});
  render(<Banner />, { wrapper: ({ children }) => <Provider client={client}>{children}</Provider> });
  client.connect();
  await shows(/^connecting: try \d+, token-failed Try now$/);
  asked = 'let in';
  fireEvent.click(screen.getByRole('button'));
  await shows(/^connected$/);
});

type Board = ReadonlyMap<string, Task & { readonly pending?: boolean }>;
const board: StoreDefinition<Board, App, 'board:{id}'> = {
  initial: new Map(),
  load: (tasks) => new Map(tasks.map((task) => [task.id, task])),
  reduce(state, message) {
    const next = new Map(state);
    const { data, pending } = message;
    if (message.event === 'added') next.set(data.id, { ...message.data, pending });
    else if (message.event === 'removed') next.delete(data.id);
    else {
      const task = next.get(data.id);
      if (task) next.set(data.id, { ...task, column: message.data.column, pending });
    }
    return next;
  },
};

it('a board is its snapshot and what came since, with own moves on top; one that is refused falls away', async () => {
  const app = await startApp();
  app.tasks.set('a', { id: 'a', title: 'A', column: 'todo' });
  const client = app.open('ada', {
    channels: {
      'board:{id}': {
        snapshot: async ({ params, signal }) => (await fetch(`${app.url}/boards/${params.id}`, { signal })).json(),
      },
    },
  });
  const saved = new Set<number>();
  function BoardView({ id }: { readonly id: string }): ReactNode {
    const { state, status, pending } = useStore(`board:${id}`, board);
    const { publish, failed } = usePublish(`board:${id}`);
    const tasks = [...state.values()].map((task) => (
      <button key={task.id} disabled={task.pending ?? false} onClick={() => publish('moved', { id: task.id, column: 'done' })}>
        {task.title} {task.column};
      </button>
    ));
    saved.add(pending);
    const refused = failed?.result === 'rejected' && ` refused: ${failed.error.message}`;
    return [status, ' ', tasks, pending > 0 && ` ${pending} saving`, refused];
  }
  render(<BoardView id="7" />, { wrapper: ({ children }) => <Provider client={client}>{children}</Provider> });
  await shows(/^live A todo;$/);
  fireEvent.click(screen.getByRole('button'));
  await shows(/^live A done;$/);
  // Perhaps too short to be looked at.
  expect([...saved]).toEqual([0, 1]);
  expect(app.tasks.get('a')?.column).toBe('done');
  await app.server.publish('board:7', 'added', { id: 'b', title: 'B', column: 'todo' });
  await shows(/^live A done;B todo;$/);
  fireEvent.click(screen.getByText('B todo;'));
  await shows(/^live A done;B todo; refused: There is no such task\.$/);
});

it('a form says that it is kept, then that it is received, and what became of it', async () => {
  const app = await startApp();
  function Form(): ReactNode {
    const [client, { publish }, outbox] = [useClient(), usePublish('forms'), useOutbox()];
    const [notes, setNotes] = useState<readonly string[]>([]);
    const note = (text: string): void => setNotes((before) => [...before, text]);
    useEffect(() => client.on('outcome', ({ channel, result }) => channel === 'forms' && note(result)), [client]);
    async function submit(data: FormData): Promise<void> {
      const fields = Object.fromEntries([...data].map(([key, value]) => [key, typeof value === 'string' ? value : value.name]));
      const receipt = publish('submitted', { form: 'visit', fields });
      await receipt.stored;
      // `outbox` is of the render in which it was submitted.
      const { durable, problem } = client.outbox.status.get();
      note(durable ? 'saved' : `keep this tab open: ${problem}`);
      await receipt.accepted;
      note('received');
    }
    return (
      <form action={submit}>
        <input name="reading" defaultValue="42" />
        <button>Send</button>
        {outbox.pending} wait; {[...notes].sort().join()}
      </form>
    );
  }
  // Offline until the form has been sent.
  const client = app.open('ada');
  client.disconnect();
  render(<Form />, { wrapper: ({ children }) => <Provider client={client}>{children}</Provider> });
  fireEvent.click(screen.getByRole('button'));
  await shows(/1 wait; keep this tab open: unsupported$/);
  client.connect();
  await shows(/0 wait; accepted,keep this tab open: unsupported,received$/);
});

it('a page is rendered on a server, where nothing connects, and lists its messages in a browser', async () => {
  const app = await startApp();
  function Room({ id }: { readonly id: string | null }): ReactNode {
    const list = useMessages(id === null ? null : `room:${id}`, { events: ['message'], limit: 3, rewind: 2 });
    const texts = list.messages.map(({ data }) => data.text);
    return (
      <p>
        {`${list.status}: ${texts.join()} `}
        {list.hasOlder && <button onClick={list.loadOlder}>Older</button>}
      </p>
    );
  }
  const client = app.open('ada');
  const page = (id: string | null): ReactNode => (
    <Provider client={client}>
      <Room id={id} />
    </Provider>
  );
  for (const text of ['a', 'b', 'c']) await app.server.publish('room:1', 'message', { id: text, text });
  expect(renderToString(page('1'))).toBe('<p>idle:  </p>');
  expect(client.status.get()).toEqual({ state: 'idle' });
  const { rerender } = render(page(null));
  expect(document.body.textContent).toBe('idle:  ');
  rerender(page('1'));
  await shows(/^live: b,c Older$/);
  fireEvent.click(screen.getByRole('button'));
  await shows(/^live: a,b,c /);
});
