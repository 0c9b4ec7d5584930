/** The end of the client, and stores and servers that fail, with publications still pending. */
import { describe, expect, it } from 'vitest';
import { composeClient } from '../../../src/client.ts';
import type { HoldfastError } from '../../../src/errors.ts';
import type { Outcome } from '../../../src/types.ts';
import type { TestPage } from '../../support/world.ts';
import { createScriptedTransport } from '../../support/scripted-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { codeOf, logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene } from './disk-scene.ts';

const createWorld = useWorld();

describe('destroy()', () => {
  it('rejects what is pending, and says nothing of how it ended', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const outcomes: Outcome[] = [];
    client.on('outcome', (outcome) => outcomes.push(outcome));
    network.set('refusing');
    const receipt = client.channel('room').publish('e', 1);
    const [cancelled, silent] = [client.channel('room').publish('e', 2), client.channel('room').publish('e', 3)];
    client.destroy();
    expect(await codeOf(receipt.accepted)).toBe('destroyed');
    expect(await codeOf(cancelled.cancel())).toBe('destroyed');
    expect(silent.state.get().state).toBe('pending');
    expect(outcomes).toEqual([]);
  });

  it('leaves alone what is known', async () => {
    const world = createWorld();
    const { client } = world.open();
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    client.destroy();
    expect(await codeOf(receipt.accepted)).toBe('resolved');
    expect(await codeOf(receipt.stored)).toBe('resolved');
  });

  it('by the signal of the client is the same', async () => {
    const world = createWorld();
    const controller = new AbortController();
    const { client } = world.open({ signal: controller.signal });
    const receipt = client.channel('room').publish('e', 1);
    controller.abort();
    expect(await codeOf(receipt.accepted)).toBe('destroyed');
    expect(() => client.channel('room')).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });

  it('inside of an outcome listener is harmless', async () => {
    const world = createWorld();
    const { client } = world.open();
    let told = 0;
    client.on('outcome', () => {
      told += 1;
      client.destroy();
    });
    const receipts = [1, 2, 3].map((data) => client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    expect(told).toBe(1);
    expect(await Promise.all(receipts.map(({ accepted }) => codeOf(accepted)))).toContain('resolved');
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });
});

it('destroy() by a listener of an outcome that a welcome brings leaves no timer', async () => {
  const { world, profile } = createDiskScene(createWorld());
  const page = world.open({ profile, outbox: { whenInDoubt: 'surface' } });
  page.client.channel('room').publish('e', 1);
  await world.clock.advance(1000);
  // So that what it has on disk may be known to others.
  page.page.tell('pagehide');
  page.page.tell('pageshow');
  await world.clock.advance(1000);
  page.network.stall('down');
  page.client.channel('room').publish('e', 2);
  await world.clock.advance(1000);
  world.restart({ keepStore: false });
  page.network.heal();
  const told: string[] = [];
  page.client.on('outcome', ({ result }) => {
    told.push(result);
    page.client.destroy();
  });
  await world.clock.advance(20_000);
  expect(told).toEqual(['uncertain']);
});

describe('a server that ends every connection over whatever is sent', () => {
  it('is given up once no publication is left to blame, and no outcome is told that the server has not said', async () => {
    const clock = createVirtualClock();
    const transport = createScriptedTransport({
      play: (opening) => {
        opening.welcome();
        clock.setTimeout(() => {
          if (opening.state === 'open') opening.end(4400, { by: 'server' });
        }, 100);
      },
    });
    const { now, setTimeout, clearTimeout } = clock;
    const client = composeClient({
      url: 'https://test.example',
      transports: [transport],
      environment: { now, setTimeout, clearTimeout, random: () => 0.5, logError: () => {} },
    });
    const outcomes: Outcome[] = [];
    const errors: HoldfastError[] = [];
    client.on('outcome', (outcome) => outcomes.push(outcome));
    client.on('error', (error) => errors.push(error));
    [1, 2, 3].forEach((data) => client.channel('room').publish('e', data));
    await clock.advance(10 * 60_000);
    expect(client.status.get().state).toBe('closed');
    expect(outcomes).toEqual([]);
    // All of them together, the first alone, and then its tombstone, which cannot be the cause.
    expect(transport.openings).toHaveLength(3);
    client.destroy();
    expect(clock.pending).toBe(0);
  });
});

it('a page without Web Locks that ends before it could ask what others have sent asks no more', async () => {
  const { world, profile } = createDiskScene(createWorld());
  const noLocks = { environment: { locks: undefined } };
  const offline = ({ network }: TestPage): void => {
    network.set('refusing');
    network.cut();
  };
  const owner = world.open({ profile, ...noLocks });
  offline(owner);
  owner.client.channel('room').publish('e', 1);
  await world.clock.advance(1000);
  owner.crash();

  let life: 'on' | 'over' = 'on';
  let late = 0;
  const inner = profile.disk.store();
  const open: typeof inner.open = async (options) => {
    const store = await inner.open(options);
    const read: typeof store.read = (ranges) => {
      if (life === 'over') late += 1;
      return store.read(ranges);
    };
    return { ...store, read };
  };
  const heir = world.open({ outbox: { store: { ...inner, open } }, ...noLocks });
  heir.client.connect();
  await world.clock.advance(1000);
  offline(heir);
  await world.clock.advance(7 * 60_000);
  world.restart({ keepStore: false });
  const end = (): void => {
    life = 'over';
    // So that the store is needed once more.
    heir.client.channel('room').publish('e', 2);
    heir.client.destroy();
  };
  heir.client.status.subscribe(() => {
    // While it waits for the store to be opened, to read from it.
    if (heir.client.status.get().state === 'connected') queueMicrotask(end);
  });
  heir.network.set('open');
  await world.clock.advance(2 * 60_000);
  expect([life, late]).toEqual(['over', 0]);
});
