/** What must compile, and what must not, with the composables of a contract. Nothing here is run. */
import { createClient } from 'holdfast';
import type { Channel, HoldfastError, MessageOf, Outcome, Status } from 'holdfast';
import * as plain from 'holdfast/vue';
import { createHooks } from 'holdfast/vue';
import { type ShallowRef, computed, createApp, ref, shallowRef } from 'vue';
import type { App, Chat, Task } from './app.ts';

const hooks = createHooks<App>();
const { plugin, useChannel, useClient, useLatest, useLatestBy, useMessages, usePublish, useStatus, useStore, useSubscription } =
  hooks;
declare const someName: string;
const id = ref('1');
const name = () => `room:${id.value}` as const;
const loosely = () => `room:${id.value}`;

function same<A>() {
  return <B>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]): void => {};
}

// ---- the plugin ----------------------------------------------------------------------------------------------------------------

createApp({}).use(plugin, createClient<App>('/realtime'));
// @ts-expect-error the client is missing
createApp({}).use(plugin);
// @ts-expect-error a client of another contract
createApp({}).use(plugin, createClient<{ channels: { other: { events: { e: number } } } }>('/realtime'));
same<Readonly<ShallowRef<Status>>>()<ReturnType<typeof useStatus>>();
useClient().channel('room:1').publish('message', { id: '1', text: '' });

// ---- names: plain, refs, getters -------------------------------------------------------------------------------------------------

const room = useChannel(name);
same<typeof room.value>()<Channel<App, 'room:{id}'>>();
useChannel('room:1').value.publish('cleared');
useChannel(shallowRef('room:1' as const)).value.publish('cleared');
useChannel(() => `room:${id.value}`).value.publish('cleared');
useChannel(computed(name)).value.publish('cleared');
useMessages(() => (id.value === '' ? null : (`room:${id.value}` as const)));
// @ts-expect-error no such pattern
useChannel('rom:1');
// @ts-expect-error a getter of a name without a pattern
useChannel(() => `rom:${id.value}` as const);
// @ts-expect-error a name that is only known at run time needs a check
useChannel(someName);
// @ts-expect-error a string of a variable needs `as const`
useMessages(loosely);
// @ts-expect-error a handle has a name
useChannel(null);
// @ts-expect-error two segments fit no pattern, which leaves no event
useSubscription('room:1:2', 'message', () => {});

// ---- subscriptions and messages ----------------------------------------------------------------------------------------------------

useSubscription(name, 'typing', (data, message) => {
  same<typeof data>()<{ on: boolean }>();
  same<typeof message>()<MessageOf<App, 'room:{id}', 'typing'>>();
});
useSubscription(ref<'room:1' | null>(null), 'message', (data) => same<typeof data>()<Chat>());
const all = useMessages(name);
same<(typeof all.messages.value)[number]['event']>()<'message' | 'edited' | 'cleared'>();
const some = useMessages('room:1', { events: ['message', 'cleared'], limit: 10, rewind: 0 });
same<(typeof some.messages.value)[number]['event']>()<'message' | 'cleared'>();
for (const message of some.messages.value) if (message.event === 'message') same<typeof message.data>()<Chat>();
same<typeof some.error.value>()<HoldfastError | null>();
// @ts-expect-error no such event
useSubscription(name, 'mesage', () => {});
// @ts-expect-error no such property of the payload
useSubscription(name, 'message', (data) => data.body);
// @ts-expect-error a volatile event is in no log
useMessages(name, { events: ['typing'] });
// @ts-expect-error results are read-only
all.messages.value = [];
// @ts-expect-error not an option
useMessages(name, { size: 10 });

// ---- the newest --------------------------------------------------------------------------------------------------------------------

const latest = useLatest('prices', 'tick', { sample: 250, whenHidden: 'pause' });
same<typeof latest.value>()<{ symbol: string; price: number } | null>();
const prices = useLatestBy('prices', 'tick', (tick) => tick.symbol);
same<typeof prices.value>()<ReadonlyMap<string, { symbol: string; price: number }>>();
// @ts-expect-error no such key
useLatestBy('prices', 'tick', (tick) => tick.name);
// @ts-expect-error the key conflates already
useLatestBy('prices', 'tick', (tick) => tick.symbol, { conflate: () => 1 });
// @ts-expect-error ms, not text
useLatest('prices', 'tick', { sample: '1s' });

// ---- publishing --------------------------------------------------------------------------------------------------------------------

const { publish, publishVolatile, pending, failed } = usePublish(name);
void publish('message', { id: '1', text: '' }, { ttl: 1000 }).accepted;
publish('cleared');
publishVolatile('typing', { on: true });
same<[number, Outcome | null]>()<[typeof pending.value, typeof failed.value]>();
// @ts-expect-error misspelt event
publish('mesage', { id: '1', text: '' });
// @ts-expect-error missing payload
publish('message');
// @ts-expect-error wrong payload type
publish('message', { id: '1', text: 3 });
// @ts-expect-error a volatile event cannot be published durably
publish('typing', { on: true });
// @ts-expect-error a logged event cannot be sent as volatile
publishVolatile('message', { id: '1', text: '' });
// @ts-expect-error there must be a channel to publish on
usePublish(null);

// ---- stores ------------------------------------------------------------------------------------------------------------------------

const board = useStore(() => `board:${id.value}` as const, {
  initial: [] as readonly Task[],
  load: (tasks) => tasks,
  reduce: (tasks, message) => (message.event === 'added' ? [...tasks, message.data] : tasks),
});
same<typeof board.state.value>()<readonly Task[]>();
// @ts-expect-error no such event of this pattern
useStore('board:1', { initial: 0, load: () => 0, reduce: (state, message) => (message.event === 'message' ? 1 : state) });
// @ts-expect-error the state is a number
useStore('board:1', { initial: 0, load: () => 0, reduce: () => 'many' });

// ---- presence ----------------------------------------------------------------------------------------------------------------------

const members = hooks.usePresence(name, { enter: () => (id.value === '' ? null : { name: 'Ada' }) });
same<(typeof members.value)[number]['data']>()<{ name: string; avatar?: string }>();
// @ts-expect-error presence data of another shape
hooks.usePresence(name, { enter: { nick: 'x' } });
// @ts-expect-error this pattern has no presence
hooks.usePresence('prices', { enter: () => ({}) });

// ---- requests ----------------------------------------------------------------------------------------------------------------------

const order = hooks.useRequest('orders.create');
same<typeof order.data.value>()<{ orderId: string } | null>();
void order.run({ sku: 'A1', quantity: 1 }, { key: 'k' });
void hooks.useRequest('session.get').run();
// @ts-expect-error no such property of the result
export const wrongResult = () => order.data.value?.id;
// @ts-expect-error no such method
hooks.useRequest('orders.make');
// @ts-expect-error missing parameters
void order.run();
// @ts-expect-error wrong parameters
void order.run({ sku: 'A1', quantity: '1' });

// ---- no contract -------------------------------------------------------------------------------------------------------------------

const loose = createHooks();
loose.useSubscription('anything', 'whatever', (data) => data.x.y.z);
loose.usePublish(() => someName).publish('whatever', 1);
void loose.useMessages(someName).messages.value[0]?.data.x;

// ---- without a contract, one by one ----------------------------------------------------------------------------------------------

createApp({}).use(plain.plugin, createClient('/realtime'));
same<Readonly<ShallowRef<Status>>>()<ReturnType<typeof plain.useStatus>>();
plain.useMessages('any').messages.value.map(({ data }) => data as unknown);
// @ts-expect-error a name is a text
plain.useMessages(1);
