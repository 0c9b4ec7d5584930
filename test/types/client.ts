/**
 * What must compile, and what must not: each line below a `@ts-expect-error` is a test, which the compiler fails if it compiles.
 * Nothing here is run.
 */
import {
  type Channel,
  type Client,
  type Message,
  type Outcome,
  type Status,
  composeClient,
  createClient,
  defineContract,
  diagnose,
  indexedDBOutbox,
  isHoldfastError,
  webSocket,
} from 'holdfast';
import type { ContractType, Params, PatternOf } from 'holdfast/contract';
import * as v from 'valibot';
import { z } from 'zod';
import type { App, Chat, Task } from './app.ts';

const client = createClient<App>('/realtime');
const room = client.channel('room:1');
declare const someName: string;
declare const id: string;

function same<A>() {
  return <B>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]): void => {};
}

// ---- names ---------------------------------------------------------------------------------------------------------------------

same<PatternOf<App, 'room:1'>>()<'room:{id}'>();
// Literal segments win.
same<PatternOf<App, 'room:1:calls'>>()<'room:{id}:calls'>();
same<Params<'a:{b}:{c}'>>()<{ readonly b: string; readonly c: string }>();
same<typeof room>()<Channel<App, 'room:{id}'>>();
client.channel(`board:${id}`).subscribe('added', (task) => same<typeof task>()<Task>());
// @ts-expect-error no such pattern
client.channel('rom:1');
// @ts-expect-error a parameter fills one segment
client.channel('room:1:2');
// @ts-expect-error the pattern itself is no name
client.channel('room:{id}');
// @ts-expect-error a name that is only known at run time needs a check
client.channel(someName);
// @ts-expect-error channels take no options at the call: they belong to createClient({ channels })
client.channel('room:1', { mode: 'latest' });
// @ts-expect-error a handle of one pattern is not one of another
export const board: Channel<App, 'board:{id}'> = room;

// ---- publishing ----------------------------------------------------------------------------------------------------------------

void room.publish('message', { id: '1', text: '' }).accepted;
room.publish('cleared');
room.publishVolatile('typing', { on: true });
// @ts-expect-error misspelt event
room.publish('mesage', { id: '1', text: '' });
// @ts-expect-error wrong payload type
room.publish('message', { id: '1', text: 3 });
// @ts-expect-error missing property
room.publish('message', { id: '1' });
// @ts-expect-error unknown property
room.publish('message', { id: '1', text: '', colour: 'red' });
// @ts-expect-error missing payload
room.publish('message');
// @ts-expect-error a volatile event cannot be published durably
room.publish('typing', { on: true });
// @ts-expect-error a logged event cannot be sent as volatile
room.publishVolatile('message', { id: '1', text: '' });
// @ts-expect-error volatile sends have no ttl
room.publishVolatile('typing', { on: true }, { ttl: 1 });
// @ts-expect-error no event of another pattern
room.publish('started', { by: 'x' });
// @ts-expect-error exactOptionalPropertyTypes: leave it out instead
room.publish('message', { id: '1', text: '' }, { ttl: undefined });
// @ts-expect-error volatile returns no receipt
void room.publishVolatile('typing', { on: true }).accepted;

// ---- subscribing ---------------------------------------------------------------------------------------------------------------

room.subscribe('message', (data, message) => {
  same<typeof data>()<Chat>();
  same<typeof message.event>()<'message'>();
});
room.subscribeAll((message) => {
  if (message.event === 'typing') same<typeof message.data>()<{ on: boolean }>();
});
export async function all(): Promise<void> {
  for await (const message of room.messages({ events: ['message', 'typing'] })) void message.data;
  const page = await room.history({ limit: 10 });
  same<typeof page.messages>()<readonly Message<App, 'room:{id}'>[]>();
}
room.subscribe('message', () => {}, { conflate: (data) => data.id, sample: 100, whenHidden: 'latest' });
room.subscribeAll(() => {}, { conflate: (data) => (typeof data === 'object' && 'id' in data ? data.id : ''), frame: true });
room.publish('message', { id: '1', text: '' }, { priority: 'low' });
// @ts-expect-error conflate by a key of the payload
room.subscribe('message', () => {}, { conflate: (data) => data.symbol });
// @ts-expect-error a key is a string, a number or a symbol
room.subscribe('message', () => {}, { conflate: (data) => ({ id: data.id }) });
// @ts-expect-error no such event
room.subscribe('messages', () => {});
// @ts-expect-error no such property of the payload
room.subscribe('message', (data) => data.body);
// @ts-expect-error data is narrowed by event
room.subscribeAll((message) => message.event === 'typing' && message.data.text);
// @ts-expect-error no such event for the iterator
room.messages({ events: ['nope'] });

// ---- snapshots and stores --------------------------------------------------------------------------------------------------------

createClient<App>('/', {
  channels: { 'board:{id}': { snapshot: async ({ params }) => ({ data: [] as Task[], ok: params.id }) } },
});
client.channel('board:1').store({
  initial: [] as readonly Task[],
  reduce: (tasks, message) => (message.event === 'added' ? [...tasks, message.data] : tasks),
});
// @ts-expect-error option for an unknown pattern
createClient<App>('/', { channels: { 'room:{x}': {} } });
// @ts-expect-error a snapshot of another type
createClient<App>('/', { channels: { 'board:{id}': { snapshot: async () => ({ data: [{ id: 1 }] }) } } });
// @ts-expect-error a parameter that the pattern lacks
createClient<App>('/', { channels: { 'board:{id}': { snapshot: async ({ params }) => ({ data: [], x: params.boardId }) } } });

// ---- presence --------------------------------------------------------------------------------------------------------------------

room.presence.enter({ name: 'Ada' });
room.presence.update({ name: 'Ada', avatar: '/ada.png' });
same<ReturnType<typeof room.presence.members.get>[number]['data']>()<{ name: string; avatar?: string }>();
room.presence.on('join', ({ data }) => same<typeof data.name>()<string>());
// @ts-expect-error presence data of another shape
room.presence.enter({ nick: 'x' });
// @ts-expect-error and so when it changes
room.presence.update({ name: 1 });
// @ts-expect-error not a change of presence
room.presence.on('enter', () => {});
// @ts-expect-error this pattern has no presence
client.channel('prices').presence.enter({});

// ---- status, outcomes, errors, composing ---------------------------------------------------------------------------------------

// @ts-expect-error retryAt only while waiting
export const retryAt = (status: Status) => status.state === 'connected' && status.retryAt;
// @ts-expect-error not a state
export const open = (status: Status) => status.state === 'open';
// @ts-expect-error only a rejection has an error
export const failed = (outcome: Outcome) => outcome.result === 'expired' && outcome.error;
// @ts-expect-error not an error code
isHoldfastError(0, 'time-out');
// @ts-expect-error the bare client has no default transports
composeClient({ url: '/' });
// @ts-expect-error at least one
composeClient({ url: '/', transports: [] });
// @ts-expect-error a value, not the function
composeClient({ url: '/', transports: [webSocket] });
// @ts-expect-error a token is always asked for
createClient('/', { getToken: 'abc' });
// @ts-expect-error not a durability
indexedDBOutbox({ durability: 'sync' });

// ---- no contract, any contract -----------------------------------------------------------------------------------------------------

createClient('/').channel('anything').publish('whatever', 1);
createClient('/')
  .channel('anything')
  .subscribe('whatever', (data) => data.x.y.z);
export function chatOnly(given: Channel<App, 'room:{id}'>): string {
  return given.publish('message', { id: '1', text: given.name }).id;
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in an app's own helpers
export function logAll(channel: Channel<any, any>, of: Client<any>): void {
  channel.subscribeAll((message) => void [message.event, of.status.get()]);
}
logAll(room, client);
void diagnose(client);

// ---- contracts -------------------------------------------------------------------------------------------------------------------

// @ts-expect-error misspelt key in a pattern
createClient<{ channels: { 'a:{id}': { event: { x: number } } } }>('/');
// @ts-expect-error not a validator
defineContract({ channels: { a: { events: { x: 'string' } } } });

const contract = defineContract({
  channels: {
    'room:{id}': {
      events: { message: z.object({ text: z.string(), at: z.string().transform((text) => new Date(text)) }) },
      volatile: { typing: v.object({ on: v.boolean() }) },
    },
  },
  requests: { add: { params: z.tuple([z.number(), z.number()]), result: z.number() } },
});
export type Validated = ContractType<typeof contract>;
const checked = createClient('/realtime', { contract }).channel('room:1');
checked.publish('message', { text: '', at: '2026-01-01' });
checked.subscribe('message', (data) => same<typeof data>()<{ text: string; at: Date }>());
checked.publishVolatile('typing', { on: true });
// @ts-expect-error the wire carries the input
checked.publish('message', { text: '', at: new Date(0) });
checked.subscribeAll((message) => {
  if (message.event === 'message') same<typeof message.data.at>()<Date>();
});
checked.store({
  initial: [] as readonly Date[],
  reduce: (dates, { event, data }) => (event === 'message' ? [...dates, data.at] : dates),
});
// @ts-expect-error a volatile payload is checked by its validator's input
checked.publishVolatile('typing', { on: 'yes' });
// @ts-expect-error a contract is made by defineContract
createClient('/realtime', { contract: { schemas: {} } });

// ---- requests ------------------------------------------------------------------------------------------------------------------

const order = client.request(
  'orders.create',
  { sku: 'A1', quantity: 1 },
  { key: 'k', timeout: 1000, signal: AbortSignal.abort() },
);
same<typeof order>()<Promise<{ orderId: string }>>();
// No params, or perhaps none.
same<Awaited<ReturnType<typeof client.request<'session.get'>>>>()<{ user: string; expires: number }>();
void client.request('session.get');
void client.request('session.get', undefined, { key: 'k' });
void client.request('rooms.list');
void client.request('rooms.list', { archived: true });
// @ts-expect-error no such method
void client.request('orders.delete');
// @ts-expect-error params that are wanted
void client.request('orders.create');
// @ts-expect-error params of another shape
void client.request('orders.create', { sku: 'A1' });
// @ts-expect-error no such option
void client.request('session.get', undefined, { retries: 3 });
// @ts-expect-error no such property of the result
void client.request('orders.create', { sku: '', quantity: 1 }).then((result) => result.id);
// Without a contract anything goes.
void createClient('/realtime')
  .request('any', 1)
  .then((result) => result.at.all);
