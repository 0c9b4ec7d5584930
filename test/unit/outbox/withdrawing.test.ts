/** Cancelling and expiry: told at once only if nothing was sent yet, for otherwise the server knows the truth. */
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/types.ts';
import type { TestPage } from '../../support/world.ts';
import { codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

function outcomesOf({ client }: TestPage): Outcome['result'][] {
  const results: Outcome['result'][] = [];
  client.on('outcome', ({ result }) => results.push(result));
  return results;
}

describe('cancel', () => {
  it('of what was never sent is told at once; its sequence is closed later, so that nothing is blocked', async () => {
    const world = createWorld();
    const page = world.open();
    const results = outcomesOf(page);
    page.network.set('refusing');
    const channel = page.client.channel('room');
    const [first, second, third] = [1, 2, 3].map((data) => channel.publish('e', data));
    await world.clock.advance(1000);
    expect(await second!.cancel()).toMatchObject({ id: second!.id, result: 'cancelled' });
    expect(await codeOf(second!.accepted)).toBe('cancelled');
    expect(page.client.outbox.status.get().pending).toBe(2);
    page.network.set('open');
    await world.clock.advance(60_000);
    expect(await Promise.all([first!.accepted, third!.accepted])).toHaveLength(2);
    expect(await logOf(world)).toEqual([1, 3]);
    const [pub] = crossed(page.network, 'up', 'pub');
    expect(pub?.items).toMatchObject([{ d: 1 }, { id: second!.id, x: 'cancelled' }, { d: 3 }]);
    expect(results.sort()).toEqual(['accepted', 'accepted', 'cancelled']);
  });

  it('that comes too late is told the truth: accepted', async () => {
    const world = createWorld();
    const page = world.open();
    page.client.connect();
    await world.clock.advance(100);
    page.network.stall('down');
    const receipt = page.client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    let outcome: Outcome | null = null;
    void receipt.cancel().then((ended) => (outcome = ended));
    await world.clock.advance(5000);
    expect(outcome).toBeNull();
    page.network.heal();
    await world.clock.advance(100);
    expect(outcome).toMatchObject({ result: 'accepted', cursor: { offset: 1 } });
    expect(await logOf(world)).toEqual([1]);
  });

  it('of what was sent and did not arrive cancels it', async () => {
    const world = createWorld();
    const page = world.open();
    page.client.connect();
    await world.clock.advance(100);
    page.network.stall('up');
    const receipt = page.client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    const cancelled = receipt.cancel();
    page.network.cut();
    page.network.heal();
    await world.clock.advance(10_000);
    expect(await cancelled).toMatchObject({ result: 'cancelled' });
    expect(await codeOf(receipt.accepted)).toBe('cancelled');
    expect(await logOf(world)).toEqual([]);
  });

  it('that was accepted although its ack was lost is told the truth after a reconnect', async () => {
    const world = createWorld();
    const page = world.open();
    const results = outcomesOf(page);
    page.client.connect();
    await world.clock.advance(100);
    page.network.stall('down');
    const receipt = page.client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    const cancelled = receipt.cancel();
    page.network.cut();
    page.network.heal();
    await world.clock.advance(10_000);
    expect(await cancelled).toMatchObject({ result: 'accepted', cursor: { offset: 1 } });
    expect(results).toEqual(['accepted']);
  });

  it('a second time, or after the end, resolves with the same outcome', async () => {
    const world = createWorld();
    const page = world.open();
    const results = outcomesOf(page);
    const receipt = page.client.channel('room').publish('e', 1);
    const both = await Promise.all([receipt.cancel(), receipt.cancel()]);
    await world.clock.advance(1000);
    expect([...both, await receipt.cancel()].map(({ result }) => result)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(results).toEqual(['cancelled']);
  });

  it('by a signal does the same, and one that is aborted already sends nothing', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const controller = new AbortController();
    const channel = client.channel('room');
    const aborted = channel.publish('e', 0, { signal: AbortSignal.abort() });
    expect(await codeOf(aborted.accepted)).toBe('cancelled');
    await world.clock.advance(100);
    expect(network.opened).toBe(0);
    const receipt = channel.publish('e', 1, { signal: controller.signal });
    controller.abort();
    expect(await codeOf(receipt.accepted)).toBe('cancelled');
    channel.publish('e', 2);
    await world.clock.advance(1000);
    expect(await logOf(world)).toEqual([2]);
  });

  it('one signal for many cancels them all', async () => {
    const world = createWorld();
    const { client } = world.open();
    const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort() }))(
      new AbortController(),
    );
    const receipts = Array.from({ length: 10 }, (_, data) => client.channel('room').publish('e', data, { signal }));
    abort();
    expect(new Set(await Promise.all(receipts.map(({ accepted }) => codeOf(accepted))))).toEqual(new Set(['cancelled']));
    await client.outbox.drain();
    await world.clock.advance(1000);
    expect(await logOf(world)).toEqual([]);
  });
});

describe('a ttl', () => {
  it('that passes before anything was sent: expired, told at once', async () => {
    const world = createWorld();
    const page = world.open();
    page.network.set('refusing');
    const receipt = page.client.channel('room').publish('e', 1, { ttl: 5000 });
    const other = page.client.channel('room').publish('e', 2, { ttl: 90_000 });
    await world.clock.advance(4999);
    expect(receipt.state.get().state).toBe('pending');
    await world.clock.advance(1);
    expect(receipt.state.get()).toMatchObject({ state: 'settled', outcome: { result: 'expired' } });
    expect(await codeOf(receipt.accepted)).toBe('expired');
    page.network.set('open');
    await world.clock.advance(60_000);
    expect(await codeOf(other.accepted)).toBe('resolved');
    expect(await logOf(world)).toEqual([2]);
  });

  it('each has its own, whatever the order', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    network.set('refusing');
    const start = world.clock.now();
    const ends: number[] = [];
    client.on('outcome', () => ends.push(world.clock.now() - start));
    for (const ttl of [3000, 1000, 2000]) client.channel('room').publish('e', ttl, { ttl });
    await world.clock.advance(10_000);
    expect(ends).toEqual([1000, 2000, 3000]);
  });

  it('that passes while the answer is on its way: the truth is told', async () => {
    const world = createWorld();
    const page = world.open();
    const results = outcomesOf(page);
    page.client.connect();
    await world.clock.advance(100);
    page.network.stall('down');
    const receipt = page.client.channel('room').publish('e', 1, { ttl: 2000 });
    await world.clock.advance(5000);
    expect(receipt.state.get().state).toBe('pending');
    page.network.heal();
    await world.clock.advance(100);
    expect(await codeOf(receipt.accepted)).toBe('resolved');
    expect(results).toEqual(['accepted']);
  });

  it('that passes after it was sent and lost: expired, once the server has said so', async () => {
    const world = createWorld();
    const page = world.open();
    page.client.connect();
    await world.clock.advance(100);
    page.network.stall('up');
    const receipt = page.client.channel('room').publish('e', 1, { ttl: 2000 });
    await world.clock.advance(100);
    page.network.set('refusing');
    page.network.cut();
    await world.clock.advance(10_000);
    expect(receipt.state.get().state).toBe('pending');
    page.network.set('open');
    page.network.heal();
    await world.clock.advance(60_000);
    expect(await codeOf(receipt.accepted)).toBe('expired');
    expect(await logOf(world)).toEqual([]);
  });

  it('is capped by the server, and by default that of the outbox', async () => {
    const world = createWorld({ server: { limits: { outboxTtl: 3000 } } });
    const [capped, own] = [world.open(), world.open({ outbox: { ttl: 1000 } })];
    capped.client.connect();
    await world.clock.advance(100);
    capped.network.set('refusing');
    capped.network.cut();
    own.network.set('refusing');
    const receipts = [capped.client.channel('room').publish('e', 1, { ttl: 60_000 }), own.client.channel('room').publish('e', 2)];
    const states = (): string[] => receipts.map(({ state }) => state.get().state);
    await world.clock.advance(999);
    expect(states()).toEqual(['pending', 'pending']);
    await world.clock.advance(1);
    expect(states()).toEqual(['pending', 'settled']);
    await world.clock.advance(2000);
    expect(states()).toEqual(['settled', 'settled']);
  });
});
