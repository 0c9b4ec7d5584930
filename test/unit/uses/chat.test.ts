/** What an app does with one channel: pages of the past, marks of what was sent, typing, progress, its own helpers. */
import { type Channel, type Client, type Message, isHoldfastError } from 'holdfast';
import type { Contract } from 'holdfast/contract';
import { describe, expect, it } from 'vitest';
import type { App } from '../../types/app.ts';
import { type RunningApp, soon, startApp } from './app.ts';

/** Helpers for any client, and for any channel. */
function whenConnected<C extends Contract<C>>(client: Client<C>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (client.status.get().state !== 'connected') return;
      stop();
      resolve();
    };
    const stop = client.status.subscribe(check);
    signal.addEventListener('abort', () => stop(), { once: true });
    client.connect();
    check();
  });
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in an app's own helpers
function logAll(channel: Channel<any, any>, log: unknown[], signal: AbortSignal): void {
  channel.subscribeAll((message) => log.push([channel.name, message.event, message.data]), { signal });
}

const live = (channel: Channel<App, 'room:{id}'>): Promise<void> =>
  soon(() => channel.status.get().state === 'live', 'the channel is live');

async function openRoom(app: RunningApp) {
  const [ada, bob] = [app.open('ada'), app.open('bob')] as const;
  const view = new AbortController();
  return { ada, bob, view, signal: view.signal, room: ada.channel('room:1'), other: bob.channel('room:1') };
}

describe('a room', () => {
  it('shows its past in pages, then what comes, until its view is closed', async () => {
    const app = await startApp();
    for (let n = 1; n <= 50; n += 1) await app.server.publish('room:1', 'message', { id: `${n}`, text: `old ${n}` });
    const { room, other, view, signal } = await openRoom(app);
    const drawn: string[] = [];
    let page = await room.history({ limit: 30, signal });
    for (const message of page.messages) if (message.event === 'message') drawn.push(message.data.id);
    if (page.older) page = await page.older({ signal });
    for (const message of page.messages) if (message.event === 'message') drawn.push(message.data.id);
    expect(drawn).toEqual(Array.from({ length: 50 }, (_, n) => `${50 - n}`));

    const heard: unknown[] = [];
    room.subscribe('message', (data, { own, by }) => heard.push([by, own, data.text]), { signal });
    await live(room);
    await other.publish('message', { id: '51', text: 'hi' }).accepted;
    await soon(() => heard.length > 0, 'the message comes');
    view.abort();
    await other.publish('message', { id: '52', text: 'is anybody there?' }).accepted;
    await app.server.publish('room:1', 'edited', { id: '52', text: '' });
    expect(heard).toEqual([['bob', false, 'hi']]);
    await expect(room.history({ signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('marks what was sent as stored, then as accepted, and says why not', async () => {
    const { room } = await openRoom(await startApp());
    const receipt = room.publish('message', { id: '1', text: 'hi' }, { ttl: 3_600_000 });
    await receipt.stored;
    expect((await receipt.accepted).cursor).toMatchObject({ offset: 1 });
    const refusals: unknown[] = [];
    for (const refused of [room.publish('message', { id: '2', text: 'x'.repeat(101) }), room.publish('cleared')]) {
      try {
        await refused.accepted;
      } catch (error) {
        if (isHoldfastError(error, 'app')) refusals.push([error.details.appCode, error.message]);
        if (isHoldfastError(error, 'forbidden', 'invalid')) refusals.push(error.remedy);
      }
    }
    expect(refusals).toEqual([
      ['too-long', 'At most 100 characters.'],
      'Allow it in the server’s channel rules, or do not ask for it.',
    ]);
  });

  it('is read by a loop that knows every event', async () => {
    const app = await startApp();
    const { room, other, view, signal } = await openRoom(app);
    const log: unknown[] = [];
    const resets: string[] = [];
    room.onReset(({ why }) => void resets.push(why), { signal });
    const reading = (async () => {
      for await (const message of room.messages({ signal })) {
        switch (message.event) {
          case 'message':
          case 'edited':
            log.push(message.data.text);
            break;
          case 'typing':
            log.push(message.data.on);
            break;
          case 'cleared':
            view.abort();
            break;
          default:
            message satisfies never;
        }
      }
    })();
    other.subscribe('message', () => {});
    await Promise.all([live(room), live(other)]);
    await other.publish('message', { id: '1', text: 'a' }).accepted;
    other.publishVolatile('typing', { on: true });
    await soon(() => log.length === 2, 'the loop has both');
    await app.server.publish('room:1', 'edited', { id: '1', text: 'b' });
    await app.open('root').channel('room:1').publish('cleared').accepted;
    await reading;
    expect([log, resets]).toEqual([['a', true, 'b'], []]);
  });

  it('shows who is typing, but not to whoever types', async () => {
    const { room, other, signal } = await openRoom(await startApp());
    const typing = (channel: typeof room): ReadonlySet<string> => {
      const who = new Set<string>();
      channel.subscribe('typing', ({ on }, { by, own }) => !own && by !== null && (on ? who.add(by) : who.delete(by)), {
        signal,
      });
      return who;
    };
    const [mine, theirs] = [typing(room), typing(other)];
    expect(room.publishVolatile('typing', { on: true })).toBe(false);
    await Promise.all([live(room), live(other)]);
    expect(room.publishVolatile('typing', { on: true })).toBe(true);
    await soon(() => theirs.has('ada'), 'it is seen');
    room.publishVolatile('typing', { on: false });
    await soon(() => theirs.size === 0, 'it is over');
    expect([...mine]).toEqual([]);
  });
});

it('an upload is watched until it is done', async () => {
  const app = await startApp();
  const upload = app.open('ada').channel('upload:7');
  const shown: number[] = [];
  const watching = (async () => {
    using _stop = upload.subscribe('progress', ({ sent, total }) => shown.push(sent / total), { sample: 1 });
    for await (const message of upload.messages({ events: ['done'], signal: AbortSignal.timeout(10_000) })) {
      if (message.event === 'done') return message.data.url;
    }
    throw new Error('The upload took too long.');
  })();
  await soon(() => upload.status.get().state === 'live', 'the channel is live');
  app.server.publishVolatile('upload:7', 'progress', { sent: 1, total: 4 });
  await soon(() => shown.length > 0, 'there is progress');
  await app.server.publish('upload:7', 'done', { url: '/files/7' });
  await expect(watching).resolves.toBe('/files/7');
  expect(shown).toEqual([0.25]);
});

it('an app’s own helpers take any client, any channel, or those of one pattern', async () => {
  const { ada, room, signal } = await openRoom(await startApp());
  const log: unknown[] = [];
  const chatOnly = (chat: Channel<App, 'room:{id}'>): string => chat.publish('message', { id: '1', text: chat.name }).id;
  const textOf = (message: Message<App, 'room:{id}'>): string => (message.event === 'message' ? message.data.text : '');
  await whenConnected(ada, signal);
  logAll(room, log, signal);
  await live(room);
  const id = chatOnly(room);
  await soon(() => log.length > 0, 'the message is there');
  expect(log).toEqual([['room:1', 'message', { id: '1', text: 'room:1' }]]);
  const { messages } = await room.history();
  expect(messages.map((message) => [message.id, textOf(message)])).toEqual([[id, 'room:1']]);
});
