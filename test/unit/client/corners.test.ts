import { afterEach, describe, expect, it } from 'vitest';
import type { Client, ClientOptions } from '../../../src/types.ts';
import { type World, createWorld } from '../../support/world.ts';

let world: World;
afterEach(() => world.end());

/** As callers without exactOptionalPropertyTypes write it. */
const VAGUE = {
  timing: { backoffBase: undefined, backoffCap: undefined, openTimeout: undefined, releaseAfter: undefined },
  outbox: { ttl: undefined, maxMessages: undefined, maxBytes: undefined, store: undefined, whenInDoubt: undefined },
  channels: undefined,
  codec: undefined,
} as unknown as Partial<ClientOptions>;

describe('an option that is given as undefined', () => {
  it('has its default: publications go, and waits are waits', async () => {
    world = createWorld();
    const { client, network } = world.open(VAGUE);
    const receipt = client.channel('room').publish('message', 1);
    await world.clock.advance(100);
    expect(receipt.state.get()).toMatchObject({ state: 'settled', outcome: { result: 'accepted' } });
    network.set('refusing');
    network.cut();
    await world.clock.advance(60_000);
    expect(client.status.get().state).toBe('waiting');
    expect(network.opened).toBeLessThanOrEqual(16);
  });
});

describe('the end of the client inside a listener', () => {
  it('of outcome leaves no timer behind', async () => {
    world = createWorld();
    const { client, network } = world.open();
    network.set('refusing');
    client.on('outcome', () => client.destroy());
    client.channel('room').publish('message', 1, { ttl: 1000 });
    client.channel('room').publish('message', 2, { ttl: 3_600_000 });
    await world.clock.advance(2000);
    expect(world.clock.pending).toBe(0);
  });

  const states = ['preparing', 'opening', 'proving', 'doubting', 'resting', 'waiting'];

  it.each(states)('of trace, on the way to %s, leaves no link behind', async (state) => {
    world = createWorld();
    const { client, network, page } = world.open();
    client.on('trace', ({ detail }) => {
      if (detail['to'] === state) client.destroy();
    });
    client.connect();
    await world.clock.advance(100);
    // A link that was opened after the end would be there now; some states need something to come about.
    if (state === 'waiting') network.cut();
    if (state === 'doubting') page.tell('network');
    if (state === 'resting') page.tell('freeze');
    await world.clock.advance(5000);
    expect(network.open).toBe(0);
    expect(client.status.get().state).toBe('closed');
  });
});

describe('the end of the client while two connections are open', () => {
  it.each([
    ['status', (client: Client, end: () => void) => client.status.subscribe(end)],
    ['uiStatus', (client: Client, end: () => void) => client.uiStatus.subscribe(end)],
    ['trace', (client: Client, end: () => void) => client.on('trace', ({ name }) => name === 'welcome' && end())],
    ['a channel’s status', (client: Client, end: () => void) => client.channel('room').status.subscribe(end)],
  ])('by a listener of %s leaves neither', async (_, listen) => {
    world = createWorld();
    const { client, network, page } = world.open();
    client.channel('room').subscribe('message', () => {});
    await world.clock.advance(20_000);
    network.hang('up', 'down');
    page.tell('network');
    let states = 0;
    listen(client, () => {
      states += 1;
      client.destroy();
    });
    await world.clock.advance(2000);
    if (states === 0) client.destroy();
    await world.clock.settle();
    expect([network.opened, network.open]).toEqual([2, 0]);
    expect(client.status.get().state).toBe('closed');
  });
});

describe('volatile messages', () => {
  it('are dropped within a tick too, once more wait than the network may hold', async () => {
    world = createWorld();
    const { client } = world.open();
    client.connect();
    await world.clock.advance(100);
    const room = client.channel('room');
    const sent = Array.from({ length: 40 }, () => room.publishVolatile('photo', new Uint8Array(100_000)));
    expect(sent.filter((went) => went)).toHaveLength(11);
    await world.clock.settle();
    expect(room.publishVolatile('photo', new Uint8Array(100_000))).toBe(true);
  });
});

describe('a publication that was never sent', () => {
  it('leaves nothing of its payload behind when it expires', async () => {
    world = createWorld();
    const { client, network } = world.open();
    network.set('refusing');
    client.connect();
    for (let n = 0; n < 100; n += 1) client.channel('room').publish('message', 'x'.repeat(10_000), { ttl: 1000 });
    await world.clock.advance(2000);
    expect(client.outbox.status.get()).toMatchObject({ pending: 0, bytes: 0 });
    network.set('open');
    client.retryNow();
    await world.clock.advance(5000);
    // A hundred tombstones are small: they go in two batches, by the limit of items.
    const sent = network.wire.map(({ data }) => String(data)).filter((data) => data.includes('"pub"'));
    expect(sent.join('')).not.toContain('xxx');
    expect(sent.join('').split('"t":"pub"')).toHaveLength(3);
  });
});
