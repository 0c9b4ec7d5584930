/** As client.ts: what must compile with the hooks of React, and what must not. Nothing here is run. */
import { type StoreDefinition, createClient } from 'holdfast';
import { createHooks, useMessages as usePlainMessages } from 'holdfast/react';
import { type ReactElement, type ReactNode, useEffect, useState } from 'react';
import type { App, Chat, Task } from './app.ts';

const hooks = createHooks<App>();
const { Provider, useChannel, useClient, useLatest, useLatestBy, useMessages, useOutbox, usePublish } = hooks;
const { useStatus, useStore, useSubscription, useUiStatus } = hooks;
const client = createClient<App>('/realtime');
declare const someName: string;

function same<A>() {
  return <B,>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]): void => {};
}

// ---- a banner, a board, a form, a room ---------------------------------------------------------------------------------------

export function Banner(): ReactNode {
  const ui = useUiStatus();
  const status = useStatus();
  const client = useClient();
  if (ui.banner === 'hidden') return null;
  if (ui.banner === 'ended') return <p>{ui.error?.remedy ?? 'Signed out'}</p>;
  const attempt = status.state === 'waiting' && `(try ${status.attempt}, ${status.reason.name})`;
  return (
    <p>
      {ui.banner}… {ui.retryAt !== null && <>again at {new Date(ui.retryAt).toLocaleTimeString()}</>} {attempt}
      <button onClick={() => client.retryNow()}>Try now</button>
    </p>
  );
}

type Board = ReadonlyMap<string, Task & { pending?: boolean }>;
const board: StoreDefinition<Board, App, 'board:{id}'> = {
  initial: new Map(),
  load: (tasks) => new Map(tasks.map((task) => [task.id, task])),
  reduce(state, message) {
    const next = new Map(state);
    const { pending } = message;
    if (message.event === 'added') next.set(message.data.id, { ...message.data, pending });
    else if (message.event === 'removed') next.delete(message.data.id);
    else {
      const task = next.get(message.data.id);
      if (task) next.set(task.id, { ...task, column: message.data.column, pending });
    }
    return next;
  },
};

/** The first types of React 18 know no component that returns anything else. */
export function BoardView({ id }: { readonly id: string }): ReactElement {
  const { state, status, pending } = useStore(`board:${id}`, board);
  const { publish, failed } = usePublish(`board:${id}`);
  const tasks = [...state.values()].map((task) => (
    <button key={task.id} disabled={task.pending ?? false} onClick={() => publish('moved', { id: task.id, column: 'done' })}>
      {task.title}
    </button>
  ));
  return (
    <section aria-busy={status === 'loading'}>
      {tasks}
      {pending > 0 && <p>{pending} saving…</p>}
      {failed?.result === 'rejected' && <p>{failed.error.remedy}</p>}
    </section>
  );
}
export const Page = (): ReactNode => (
  <Provider client={client}>
    <BoardView id="7" />
  </Provider>
);

export function Form(): ReactNode {
  const client = useClient();
  const { publish } = usePublish('forms');
  const outbox = useOutbox();
  const [note, setNote] = useState('');
  useEffect(() => client.on('outcome', ({ channel, result }) => channel === 'forms' && setNote(result)), [client]);
  async function submit(data: FormData): Promise<void> {
    const fields = Object.fromEntries([...data].map(([key, value]) => [key, typeof value === 'string' ? value : value.name]));
    const receipt = publish('submitted', { form: 'visit', fields });
    await receipt.stored;
    const { durable, problem } = client.outbox.status.get();
    setNote(durable ? 'Saved on this device' : `Keep this tab open (${problem})`);
  }
  return (
    <form onSubmit={(event) => void submit(new FormData(event.currentTarget))}>
      {note}
      {outbox.entries.map(({ id, event, state }) => (
        <button key={id} onClick={() => client.outbox.retry(id)}>{`${event} ${state}`}</button>
      ))}
    </form>
  );
}

export function Room({ id }: { readonly id: string | null }): ReactNode {
  const name = id === null ? null : (`room:${id}` as const);
  const list = useMessages(name, { events: ['message'], limit: 200 });
  const all = useMessages('room:1');
  same<(typeof all.messages)[number]['event']>()<'message' | 'edited' | 'cleared'>();
  useSubscription(name, 'message', (data, message) => {
    same<typeof data>()<Chat>();
    same<typeof message.event>()<'message'>();
  });
  const typing = useLatest(name, 'typing', { whenHidden: 'pause' });
  same<typeof typing>()<{ on: boolean } | null>();
  const prices = useLatestBy('prices', 'tick', (tick) => tick.symbol, { sample: 250 });
  same<typeof prices>()<ReadonlyMap<string, { symbol: string; price: number }>>();
  useChannel('room:1').publish('cleared');
  const order = hooks.useRequest('orders.create');
  same<typeof order.data>()<{ orderId: string } | null>();
  void order.run({ sku: 'A1', quantity: 1 }, { key: 'k' }).then(({ orderId }) => orderId);
  void hooks.useRequest('session.get').run();
  usePublish('room:1').publishVolatile('typing', { on: true });
  return (
    <>
      {list.messages.map(({ id: key, data }) => (
        <li key={key}>{data.text}</li>
      ))}
      {list.hasOlder && <button onClick={list.loadOlder}>Older</button>}
    </>
  );
}

/** Without a contract. */
export function Plain(): ReactNode {
  const { messages } = usePlainMessages('anything', { events: ['whatever'] });
  return messages[0]?.data.x.y;
}

export function Avatars({ me }: { readonly me: string | null }): ReactNode {
  const members = hooks.usePresence('room:1', { enter: me === null ? null : { name: me } });
  return members.map(({ id, user, self, data }) => <img key={id} title={user ?? data.name} src={data.avatar} hidden={self} />);
}

// ---- wrong uses --------------------------------------------------------------------------------------------------------------

// @ts-expect-error hooks know the events of the log
hooks.useMessages('room:1', { events: ['typing'] });
// @ts-expect-error and the names
hooks.useChannel('lobby');
// @ts-expect-error a parameter fills one segment
hooks.useMessages('room:1:2');
// @ts-expect-error a name that is only known at run time needs a check
hooks.useMessages(someName);
// @ts-expect-error and the payloads
hooks.usePublish('room:1').publish('message', { text: 1 });
// @ts-expect-error a volatile event cannot be published durably
hooks.usePublish('room:1').publish('typing', { on: true });
// @ts-expect-error no such event
hooks.useSubscription('room:1', 'messages', () => {});
// @ts-expect-error no such property of the payload
hooks.useSubscription('room:1', 'message', (data) => data.body);
// @ts-expect-error a key of the payload
hooks.useLatestBy('prices', 'tick', (tick) => tick.id);
// @ts-expect-error the key is given already
hooks.useLatestBy('prices', 'tick', (tick) => tick.symbol, { conflate: (tick) => tick.symbol });
// @ts-expect-error presence data of another shape
hooks.usePresence('room:1', { enter: { nick: 'x' } });
// @ts-expect-error this pattern has no presence
hooks.usePresence('prices', { enter: {} });
// @ts-expect-error no such property of the result
export const wrongResult = () => hooks.useRequest('orders.create').data?.id;
// @ts-expect-error no such method
hooks.useRequest('orders.make');
// @ts-expect-error missing params
void hooks.useRequest('orders.create').run();
// @ts-expect-error wrong params
void hooks.useRequest('orders.create').run({ sku: 'A1' });
// @ts-expect-error the store of another pattern
hooks.useStore('room:1', board);
// @ts-expect-error a client of another contract
export const other = <Provider client={createClient<{ channels: { a: { events: { b: number } } } }>('/')} />;
