/** Requests that are safe to repeat, tokens, users who come and go, and programs that end. */
import {
  composeClient,
  createClient,
  defineContract,
  diagnose,
  isHoldfastError,
  json,
  longPolling,
  memoryOutbox,
  sse,
  webSocket,
} from 'holdfast';
import type { Client, ClientOptions } from 'holdfast';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { App } from '../../types/app.ts';
import { WebSocket, soon, startApp } from './app.ts';

const environment = { WebSocket };

type TokenContext = Parameters<NonNullable<ClientOptions['getToken']>>[0];

describe('requests', () => {
  /** One key for one click of "Buy": it stays while the tab does. */
  async function buy(client: Client<App>, keys: Map<string, string>, sku: string, quantity: number): Promise<string> {
    const key = keys.get(sku) ?? crypto.randomUUID();
    keys.set(sku, key);
    for (;;) {
      try {
        return (await client.request('orders.create', { sku, quantity }, { key, timeout: 10_000 })).orderId;
      } catch (error) {
        if (!isHoldfastError(error) || !error.retryable) throw error;
        await new Promise((resolve) => setTimeout(resolve, error.retryAfter ?? 1000));
      }
    }
  }

  it('an order is made once, however often it is asked for', async () => {
    const app = await startApp();
    const keys = new Map<string, string>();
    const client = app.open('ada');
    expect(await buy(client, keys, 'A1', 1)).toBe('A1×1 of ada');
    client.destroy();
    const again = app.open('ada');
    expect(await buy(again, keys, 'A1', 1)).toBe('A1×1 of ada');
    expect(app.orders).toEqual([keys.get('A1')]);
    await expect(buy(again, keys, 'B2', 11)).rejects.toMatchObject({ code: 'app', details: { appCode: 'sold-out' } });
  });

  it('need no params where the contract has none, or perhaps none', async () => {
    const client = (await startApp()).open('ada');
    expect(await client.request('session.get')).toEqual({ user: 'ada', expires: 0 });
    expect(await client.request('rooms.list')).toEqual([{ id: '1', title: 'Lobby' }]);
    expect(await client.request('rooms.list', { archived: true })).toEqual([]);
  });

  it('are given up with their signal', async () => {
    const client = (await startApp()).open('ada');
    const asked = client.request('rooms.list', undefined, { signal: AbortSignal.abort('left') });
    await expect(asked).rejects.toMatchObject({ code: 'aborted', cause: 'left' });
  });
});

describe('users', () => {
  it('a token that is refused is asked for anew, and nobody else is', async () => {
    const app = await startApp();
    const reasons: TokenContext['reason'][] = [];
    const getToken = ({ reason, signal }: TokenContext): Promise<string> => {
      reasons.push(reason);
      signal.throwIfAborted();
      return Promise.resolve(reason === 'connect' ? 'old one' : 'ada');
    };
    const client = app.open('ada', { getToken });
    expect(await client.request('session.get')).toMatchObject({ user: 'ada' });
    expect(reasons).toEqual(['connect', 'rejected']);
  });

  it('who cannot be let in is told so, and the client is over', async () => {
    const app = await startApp();
    const client = app.open('ada', { getToken: () => 'old for good' });
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    client.connect();
    await soon(() => client.status.get().state === 'closed', 'the client is over');
    expect(client.status.get()).toMatchObject({ reason: { error: { code: 'unauthorized' } } });
    expect(client.uiStatus.get()).toMatchObject({ banner: 'ended', error: { code: 'unauthorized' } });
    expect(errors).toContain('unauthorized');
  });

  it('to sign out is to send what waits, then to end; the next user has a client of their own', async () => {
    const app = await startApp();
    const seen: unknown[] = [];
    const reader = app.open('root').channel('user:root:inbox');
    reader.subscribe('notice', ({ title }, { by }) => seen.push([by, title]));
    const logOut = async (client: Client<App>): Promise<void> => {
      await client.outbox.drain({ signal: AbortSignal.timeout(10_000) });
      await client.outbox.clear();
      client.destroy();
    };
    for (const user of ['ada', 'bob']) {
      const client = app.open(user);
      client.channel('user:root:inbox').publish('notice', { title: `of ${user}`, unread: 1 });
      await logOut(client);
      expect(client.status.get().state).toBe('closed');
    }
    await soon(() => seen.length === 2, 'both are read');
    expect(seen).toEqual([['ada', 'of ada'], ['bob', 'of bob']]); // prettier-ignore
  });
});

describe('programs', () => {
  it('a script publishes, waits until it is in the log, and leaves nothing behind', async () => {
    const app = await startApp();
    const options = { transports: [webSocket()] as const, codec: json(), environment, user: 'ada', getToken: () => 'ada' };
    let after: Client<App>;
    {
      using client = composeClient<App>({
        ...{ url: `${app.url}/realtime`, ...options, outbox: { store: memoryOutbox(), ttl: 60_000 } },
      });
      await client.channel('user:7:inbox').publish('notice', { title: 'Deploy done', unread: 1 }).accepted;
      await client.outbox.drain();
      expect(client.outbox.status.get()).toMatchObject({ pending: 0, durable: false, problem: 'memory-store' });
      after = client;
    }
    expect(after.status.get()).toMatchObject({ state: 'closed', reason: { name: 'destroyed' } });
    expect(await app.server.cursor('user:7:inbox')).toMatchObject({ offset: 1 });
  });

  it('without a contract, names and payloads are what the server takes', async () => {
    const app = await startApp();
    const options: ClientOptions = { environment, user: 'ada', getToken: () => 'ada' };
    using client = createClient(`${app.url}/realtime`, options);
    const states: string[] = [];
    client.status.subscribe(() => states.push(client.status.get().state));
    const room = client.channel('room:1');
    const heard: unknown[] = [];
    const off = room.subscribe('message', (data, { by }) => heard.push([by, data.text]));
    await room.publish('message', { text: 'hi' }).accepted;
    expect(room.publishVolatile('typing', { on: true })).toBe(true);
    await soon(() => heard.length > 0, 'it is heard');
    off();
    expect(heard).toEqual([['ada', 'hi']]);
    expect((await client.request('session.get', undefined, { timeout: 5000 })).user).toBe('ada');
    expect([...new Set(states)]).toEqual(['connecting', 'connected']);
  });

  it('the doctor tells for each check what is wrong and what to do', async () => {
    const app = await startApp();
    const transports = [webSocket({ url: `${app.url}/nowhere` }), sse(), longPolling()] as const;
    const client = app.open('ada', { transports, dataSaver: 'auto', timing: { backoffCap: 20_000 } });
    const { ok, checks, summary } = await diagnose(client, { timeout: 10_000, signal: AbortSignal.timeout(15_000) });
    const faults = checks.filter((check) => !check.ok);
    expect([ok, faults.map(({ name }) => name)]).toEqual([false, ['websocket']]);
    for (const { problem, remedy } of faults) expect([problem, remedy]).not.toContain(null);
    expect(summary).not.toContain('ada');
  });
});

it('a contract of validators types and checks both sides: the wire carries what goes in', async () => {
  const contract = defineContract({
    channels: {
      'room:{id}': { events: { message: z.object({ text: z.string(), at: z.iso.datetime().transform((at) => new Date(at)) }) } },
    },
    requests: { 'rooms.list': { params: z.undefined(), result: z.array(z.object({ id: z.string(), title: z.string() })) } },
  });
  const app = await startApp();
  using client = createClient(`${app.url}/realtime`, { contract, environment, user: 'ada', getToken: () => 'ada' });
  const room = client.channel('room:1');
  const heard = vi.fn((at: Date) => at.getTime());
  room.subscribe('message', ({ at }) => heard(at));
  await room.publish('message', { text: 'hi', at: '2026-01-01T00:00:00.000Z' }).accepted;
  await soon(() => heard.mock.calls.length > 0, 'it is heard');
  expect(heard).toHaveReturnedWith(Date.UTC(2026, 0, 1));
  const wrong = room.publish('message', { text: 'hi', at: 'yesterday' });
  await expect(wrong.accepted).rejects.toMatchObject({ code: 'invalid', details: { issues: [{ path: ['at'] }] } });
  expect((await client.request('rooms.list'))[0]?.title).toBe('Lobby');
});
