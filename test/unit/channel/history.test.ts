/** Pages of the past, over a real server. */
import { describe, expect, it } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import type { ChannelRule } from '../../../server/types.ts';
import type { Channel, Cursor, HistoryOptions, HistoryPage, Message } from '../../../src/types.ts';
import { codeOf, crossed, useWorld, type WatchedWorld } from './traffic.ts';

const createWorld = useWorld();

async function fill(world: WatchedWorld, count: number, from = 1): Promise<void> {
  for (let n = from; n < from + count; n += 1) await world.server.publish('room', 'e', n, { by: 'server' });
}

async function read({ clock }: WatchedWorld, channel: Channel, options?: HistoryOptions): Promise<HistoryPage> {
  const asked = channel.history(options);
  await clock.advance(100);
  return asked;
}
const dataOf = ({ messages }: HistoryPage): unknown[] => messages.map(({ data }) => data as unknown);

describe('history', () => {
  it('gives the newest first, and the older ones page by page', async () => {
    const world = createWorld();
    await fill(world, 7);
    const { client } = world.open();
    const pages: unknown[][] = [];
    let page: HistoryPage | null = await read(world, client.channel('room'), { limit: 3 });
    while (page !== null) {
      pages.push(dataOf(page));
      const asked: Promise<HistoryPage> | undefined = page.older?.();
      await world.clock.advance(100);
      page = (await asked) ?? null;
    }
    expect(pages).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
  });

  it('gives 50 if it is not told how many', async () => {
    const world = createWorld();
    await fill(world, 51);
    const { client } = world.open();
    const page = await read(world, client.channel('room'));
    expect([page.messages.length, page.older === null, page.trimmed]).toEqual([50, false, false]);
  });

  it('gives the messages that a subscriber got', async () => {
    const world = createWorld();
    const { client } = world.open();
    const room = client.channel('room');
    const heard: Message[] = [];
    room.subscribeAll((message) => heard.push(message));
    await world.clock.advance(100);
    room.publish('own', { text: 'mine' });
    room.publish('bytes', new Uint8Array([1, 2, 255]));
    room.publish('nothing');
    await fill(world, 1);
    await world.clock.advance(100);
    const { messages } = await read(world, room);
    expect(heard).toHaveLength(4);
    expect(messages).toEqual(heard.reverse());
    expect(messages.map(({ event, own, by }) => [event, own, by])).toEqual([
      ['nothing', true, null],
      ['bytes', true, null],
      ['own', true, null],
      ['e', false, 'server'],
    ]);
  });

  it('connects, and subscribes to nothing', async () => {
    const world = createWorld();
    await fill(world, 1);
    const { client, network } = world.open();
    expect(client.status.get().state).toBe('idle');
    expect(dataOf(await read(world, client.channel('room')))).toEqual([1]);
    expect(crossed(network, 'up', 'sub')).toEqual([]);
    expect(client.channel('room').status.get().state).toBe('idle');
  });

  it('reads from one cursor to another, both included', async () => {
    const world = createWorld();
    await fill(world, 6);
    const { client } = world.open();
    const room = client.channel('room');
    const { messages } = await read(world, room);
    const at = (data: number): Cursor => messages.find((message) => message.data === data)!.cursor!;
    expect(dataOf(await read(world, room, { from: at(2), to: at(4) }))).toEqual([4, 3, 2]);
    expect(dataOf(await read(world, room, { from: at(5) }))).toEqual([6, 5]);
    expect(dataOf(await read(world, room, { to: at(2) }))).toEqual([2, 1]);
    const page = await read(world, room, { from: at(2), to: at(5), limit: 2 });
    expect(dataOf(page)).toEqual([5, 4]);
    const older = page.older!();
    await world.clock.advance(100);
    expect([dataOf(await older), (await older).older]).toEqual([[3, 2], null]);
  });

  it('says what is gone', async () => {
    const world = createWorld({ server: { channels: { room: { subscribe: true, history: { entries: 2 } } } } });
    const { client } = world.open();
    const room = client.channel('room');
    await fill(world, 2);
    const first = (await read(world, room)).messages.at(-1)!.cursor!;
    await fill(world, 8, 3);
    const page = await read(world, room, { from: first });
    expect([dataOf(page), page.older, page.trimmed]).toEqual([[10, 9, 8], null, true]);
    expect(await read(world, room, { from: page.messages.at(-1)!.cursor! })).toMatchObject({ trimmed: false });
  });

  it('finds no place of a log that is lost', async () => {
    const world = createWorld();
    await fill(world, 3);
    const { client } = world.open();
    const room = client.channel('room');
    const { messages, older } = await read(world, room, { limit: 2 });
    world.restart({ keepStore: false });
    await fill(world, 3);
    await world.clock.advance(10_000);
    const codes = [room.history({ from: messages[0]!.cursor! }), room.history({ to: messages[1]!.cursor! }), older!()].map(
      codeOf,
    );
    await world.clock.advance(100);
    expect(await Promise.all(codes)).toEqual(['not-found', 'not-found', 'not-found']);
  });

  it.each<readonly [what: string, rule: ChannelRule, code: string, more: object]>([
    ['it is forbidden', {}, 'forbidden', {}],
    [
      'the rule of the app refuses it',
      { subscribe: () => Promise.reject(reject('banned', 'Until Monday', { retryable: true, retryAfter: 70 })) },
      'app',
      { message: 'Until Monday', retryAfter: 70, details: { appCode: 'banned' } },
    ],
    ['the channel keeps no log', { subscribe: true, mode: 'live' }, 'unsupported', {}],
  ])('says so if %s', async (_what, rule, code, more) => {
    const world = createWorld({ server: { channels: { room: rule } } });
    const { client, errors } = world.open();
    const asked = client.channel('room').history();
    asked.catch(() => {});
    await world.clock.advance(100);
    await expect(asked).rejects.toMatchObject({ name: 'HoldfastError', code, ...more });
    expect(errors).toEqual([]);
  });

  it.each<readonly [what: string, options: object]>([
    ['no page', { limit: 0 }],
    ['half a message', { limit: 1.5 }],
    ['more than a page', { limit: 501 }],
    ['no number', { limit: '5' }],
    ['no cursor', { from: 5 }],
    ['null', { to: null }],
    ['a wire cursor', { to: ['e', 1, 't'] }],
    ['a negative offset', { from: { epoch: 'e', offset: -1, tag: 't' } }],
    ['an epoch that is too long', { from: { epoch: 'e'.repeat(65), offset: 1, tag: 't' } }],
    ['ends the wrong way round', { from: { epoch: 'e', offset: 2, tag: 't' }, to: { epoch: 'e', offset: 1, tag: 's' } }],
  ])('throws at once for %s', (_what, options) => {
    const { client } = createWorld().open();
    expect(() => client.channel('room').history(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(client.status.get().state).toBe('idle');
  });

  it('throws at once after the end of the client', () => {
    const { client } = createWorld().open();
    const room = client.channel('room');
    client.destroy();
    expect(() => room.history()).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });

  it('asks for an older page by the same limit and the same beginning, wherever the log has gone', async () => {
    const world = createWorld();
    await fill(world, 5);
    const { client, network } = world.open();
    const page = await read(world, client.channel('room'), { limit: 2 });
    await fill(world, 5, 6);
    const older = page.older!();
    await world.clock.advance(100);
    expect(dataOf(await older)).toEqual([3, 2]);
    expect(crossed(network, 'up', 'hist').map(({ n, from, to }) => [n, from, to?.[1]])).toEqual([
      [2, undefined, undefined],
      [2, undefined, 3],
    ]);
  });
});
