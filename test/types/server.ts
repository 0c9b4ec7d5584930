/** What must compile, and what must not, on the server. Nothing here is run. */
import { defineContract } from 'holdfast/contract';
import { createServer, reject } from 'holdfast/server';
import { z } from 'zod';
import type { App } from './app.ts';

const server = createServer<App>({
  authenticate: ({ token }) => (token === null ? { user: null } : { user: { id: token, role: 'member' } }),
  channels: {
    'room:{id}': {
      subscribe: ({ user, params }) => user?.role === 'admin' || params.id !== 'secret',
      publish: {
        message: ({ text }) => {
          if (text.length > 1000) throw reject('too-long', 'At most 1000 characters.');
          return true;
        },
        typing: ({ on }) => on,
      },
    },
    prices: { subscribe: true },
  },
});
void server.publish('prices', 'tick', { symbol: 'A', price: 1 });
server.publishVolatile('room:1', 'typing', { on: true });
void server.cursor('board:7');
// @ts-expect-error no such channel
void server.publish('price', 'tick', { symbol: 'A', price: 1 });
// @ts-expect-error no such event
void server.publish('prices', 'tock', { symbol: 'A', price: 1 });
// @ts-expect-error wrong payload
void server.publish('prices', 'tick', { symbol: 'A', price: '1' });
// @ts-expect-error a volatile event is not logged
void server.publish('room:1', 'typing', { on: true });
// @ts-expect-error a rule for an unknown pattern
createServer<App>({ authenticate: () => null, channels: { 'rooms:{id}': { subscribe: true } } });
// @ts-expect-error authenticate cannot be forgotten
createServer<App>({ channels: {} });
// @ts-expect-error a user of another shape
createServer<App>({ authenticate: () => ({ user: { id: 'a', role: 'king' } }), channels: {} });
// @ts-expect-error a rule for an event that the pattern lacks
createServer<App>({ authenticate: () => null, channels: { prices: { publish: { tock: true } } } });

const rules = { authenticate: () => null, channels: {} };
createServer<App>({
  ...rules,
  requests: {
    'orders.create': async ({ sku, quantity }, { user, key, signal }) => {
      if (user?.role !== 'admin' || signal.aborted) throw reject('no', 'No.');
      return { orderId: `${sku} ${quantity} ${key}` };
    },
    'session.get': (_, { user }) => ({ user: user!.id, expires: 0 }),
    'rooms.list': (params) => (params?.archived === true ? [] : [{ id: 'a', title: 'A' }]),
  },
});
// @ts-expect-error a method without a handler
createServer<App>({ ...rules, requests: { 'session.get': () => ({ user: 'a', expires: 0 }) } });
// @ts-expect-error a result of another shape
createServer<App>({ ...rules, requests: { 'orders.create': () => ({}), 'session.get': () => ({ user: 'a', expires: 0 }), 'rooms.list': () => [] } }); // prettier-ignore
// @ts-expect-error a result that is not of the contract's type
createServer<{ requests: { now: { result: number } } }>({ ...rules, requests: { now: () => 'noon' } });
createServer({ ...rules, requests: { any: (params, { key }) => [params.anything, key] } });
const contract = defineContract({
  channels: { 'room:{id}': { events: { message: z.object({ at: z.string().transform((text) => new Date(text)) }) } } },
});
const checked = createServer({
  contract,
  authenticate: () => null,
  channels: { 'room:{id}': { publish: { message: ({ at }) => at.getTime() > 0 } } },
});
void checked.publish('room:1', 'message', { at: '2026-01-01' });
// @ts-expect-error the back end publishes the input
void checked.publish('room:1', 'message', { at: new Date(0) });
createServer({
  contract,
  authenticate: () => null,
  // @ts-expect-error a rule gets what the validator returns
  channels: { 'room:{id}': { publish: { message: ({ at }) => at.startsWith('2') } } },
});
