/** What a handler may do inside its own call, and what a rule may answer. */
import { describe, expect, it } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import type { Message } from '../../../src/types.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

describe('a handler that misbehaves', () => {
  it('by a throw is reported, and everything else goes on', async () => {
    const world = createWorld();
    const { client, errors } = world.open();
    const seen: unknown[] = [];
    const channel = client.channel('room');
    channel.subscribe('e', () => {
      throw new Error('mine');
    });
    channel.subscribe('e', (data) => seen.push(data));
    await world.clock.advance(100);
    for (const data of [1, 2]) await world.server.publish('room', 'e', data);
    await world.clock.advance(100);
    expect(seen).toEqual([1, 2]);
    expect(errors.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
      ['handler-threw', 'mine'],
      ['handler-threw', 'mine'],
    ]);
    expect(channel.status.get().state).toBe('live');
  });

  it('by an async rejection is reported', async () => {
    const world = createWorld();
    const { client, errors } = world.open();
    const handler = () => Promise.reject(new Error('later'));
    client.channel('room').subscribe('e', handler as () => void);
    await world.clock.advance(100);
    await world.server.publish('room', 'e', 1);
    await world.clock.advance(100);
    expect(errors).toMatchObject([{ code: 'handler-threw', cause: new Error('later') }]);
  });

  it('inside on("error") goes to the log, and does not go in circles', async () => {
    const logged: unknown[] = [];
    const world = createWorld();
    const { client } = world.open({ environment: { logError: (error) => logged.push(error) } });
    client.on('error', () => {
      throw new Error('in error');
    });
    client.channel('room').subscribe('e', () => {
      throw new Error('mine');
    });
    await world.clock.advance(100);
    await world.server.publish('room', 'e', 1);
    await world.clock.advance(100);
    expect(logged).toMatchObject([{ code: 'handler-threw', cause: new Error('in error') }]);
  });
});

describe('inside its own call', () => {
  it('a handler may publish: sent with its own batch, and seen in order', async () => {
    const world = createWorld();
    const { client } = world.open();
    const channel = client.channel('room');
    const seen: unknown[] = [];
    channel.subscribe('e', (data: number) => {
      seen.push(data);
      if (data < 3) channel.publish('e', data + 1);
    });
    await world.clock.advance(100);
    channel.publish('e', 1);
    await world.clock.advance(100);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('the cursor has moved: what the message says is where a resume begins', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const offsets: (number | undefined)[] = [];
    client.channel('room').subscribe('e', (_, { cursor }) => {
      offsets.push(cursor?.offset);
      // The worst moment to lose the connection.
      network.cut();
    });
    await world.clock.advance(100);
    for (const data of [1, 2, 3]) await world.server.publish('room', 'e', data);
    await world.clock.advance(60_000);
    expect(offsets).toEqual([1, 2, 3]);
  });

  it('a handler may leave, and take others with it', async () => {
    const world = createWorld();
    const { client } = world.open();
    const seen: string[] = [];
    const channel = client.channel('room');
    const first = channel.subscribe('e', (data) => {
      seen.push(`first ${data}`);
      first();
      second();
    });
    const second = channel.subscribe('e', (data) => seen.push(`second ${data}`));
    channel.subscribe('e', (data) => seen.push(`third ${data}`));
    await world.clock.advance(100);
    for (const data of [1, 2]) await world.server.publish('room', 'e', data);
    await world.clock.advance(100);
    expect(seen).toEqual(['first 1', 'third 1', 'third 2']);
  });

  it('a handler may destroy the client: nothing comes after it, not even of the same batch', async () => {
    const world = createWorld();
    const { client } = world.open({ channels: { room: { rewind: 10 } } });
    for (const data of [1, 2, 3]) await world.server.publish('room', 'e', data);
    const seen: unknown[] = [];
    client.channel('room').subscribe('e', (data) => {
      seen.push(data);
      client.destroy();
    });
    await world.clock.advance(1000);
    expect(seen).toEqual([1]);
    expect(() => client.channel('room')).toThrow();
  });

  it('a handler may pause the client, and go on later', async () => {
    const world = createWorld();
    const { client } = world.open({ channels: { room: { rewind: 10 } } });
    for (const data of [1, 2, 3]) await world.server.publish('room', 'e', data);
    const seen: unknown[] = [];
    client.channel('room').subscribe('e', (data) => {
      seen.push(data);
      if (data === 2) client.disconnect();
    });
    await world.clock.advance(1000);
    await world.server.publish('room', 'e', 4);
    client.connect();
    await world.clock.advance(1000);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('a handler may subscribe to what comes next', async () => {
    const world = createWorld();
    const { client } = world.open();
    const seen: string[] = [];
    const channel = client.channel('room');
    channel.subscribe('e', (data) => {
      if (data === 1) channel.subscribe('e', (inner) => seen.push(`inner ${inner}`));
    });
    await world.clock.advance(100);
    for (const data of [1, 2]) await world.server.publish('room', 'e', data);
    await world.clock.advance(100);
    expect(seen).toEqual(['inner 2']);
  });
});

describe('order and signals', () => {
  it('subscribe, then subscribeAll, then iterators; each in order of registration', async () => {
    const world = createWorld();
    const { client } = world.open();
    const channel = client.channel('room');
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { data } of channel.messages()) seen.push(`iterator ${data}`);
    };
    read().catch(() => {});
    channel.subscribeAll(({ data }) => seen.push(`all ${data}`));
    channel.subscribe('e', (data) => seen.push(`event ${data}`));
    channel.subscribe('other', () => seen.push('other'));
    await world.clock.advance(100);
    await world.server.publish('room', 'e', 1);
    await world.clock.advance(100);
    expect(seen).toEqual(['event 1', 'all 1', 'iterator 1']);
  });

  it('a signal ends a subscription, and one that is aborted already never begins it', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const controller = new AbortController();
    const seen: Message[] = [];
    client.channel('never').subscribeAll((message) => seen.push(message), { signal: AbortSignal.abort() });
    client.channel('room').subscribeAll((message) => seen.push(message), { signal: controller.signal });
    await world.clock.advance(100);
    controller.abort();
    await world.server.publish('room', 'e', 1);
    await world.clock.advance(2000);
    expect(seen).toEqual([]);
    expect(crossed(network, 'up', 'sub').map(({ c }) => c)).toEqual(['room']);
    expect(crossed(network, 'up', 'unsub').map(({ c }) => c)).toEqual(['room']);
  });
});

describe('a subscription that the server refuses', () => {
  it('is closed with the error, which is reported once; other channels go on', async () => {
    const world = createWorld({ server: { channels: { open: { subscribe: true } } } });
    const { client, errors } = world.open();
    const [secret, open] = [client.channel('secret'), client.channel('open')];
    secret.subscribeAll(() => {});
    open.subscribeAll(() => {});
    await world.clock.advance(60_000);
    expect(secret.status.get()).toMatchObject({ state: 'closed', error: { code: 'forbidden' } });
    expect(open.status.get().state).toBe('live');
    expect(errors).toMatchObject([{ code: 'forbidden' }]);
  });

  it('for a reason of the app tells its code and sentence', async () => {
    const subscribe = (): never => {
      throw reject('not-invited', 'Ask for an invitation.');
    };
    const world = createWorld({ server: { channels: { room: { subscribe } } } });
    const { client, errors } = world.open();
    client.channel('room').subscribeAll(() => {});
    await world.clock.advance(100);
    expect(errors).toMatchObject([{ code: 'app', message: 'Ask for an invitation.', details: { appCode: 'not-invited' } }]);
  });

  it('is not asked for again by a reconnect, but by a new subscriber', async () => {
    let allowed = false;
    const world = createWorld({ server: { channels: { room: { subscribe: () => allowed } } } });
    const { client, network } = world.open();
    const channel = client.channel('room');
    channel.subscribeAll(() => {});
    await world.clock.advance(100);
    network.cut();
    await world.clock.advance(10_000);
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
    allowed = true;
    channel.subscribeAll(() => {});
    await world.clock.advance(100);
    expect(channel.status.get().state).toBe('live');
  });

  it('for the moment is asked for again by itself, by the backoff', async () => {
    let asked = 0;
    const subscribe = (): boolean => {
      asked += 1;
      if (asked < 4) throw new Error('the database is down');
      return true;
    };
    const world = createWorld({ server: { channels: { room: { subscribe } }, onEvent: () => {} } });
    const { client, errors } = world.open();
    client.channel('room').subscribeAll(() => {});
    await world.clock.advance(60_000);
    expect(client.channel('room').status.get().state).toBe('live');
    expect([asked, errors]).toEqual([4, []]);
  });

  it('for the moment and for ever is asked for ever less often', async () => {
    let asked = 0;
    const subscribe = (): never => {
      asked += 1;
      throw new Error('the database is down');
    };
    const world = createWorld({ server: { channels: { room: { subscribe } }, onEvent: () => {} } });
    world
      .open()
      .client.channel('room')
      .subscribeAll(() => {});
    await world.clock.advance(10 * 60_000);
    expect(asked).toBeGreaterThan(10);
    // Half of 30 s on average once the backoff has grown.
    expect(asked).toBeLessThan(100);
  });
});
