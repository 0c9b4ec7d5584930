import { afterEach, describe, expect, it } from 'vitest';
import type { Broker, Notice } from '../../server/brokers/broker.ts';
import { memoryBroker } from '../../server/brokers/memory.ts';
import { createRandom } from '../support/random.ts';
import { type BrokerHost, hostBroker, sharedBroker } from '../support/shared-broker.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { KEEP, LANE, item } from './broker-kit.ts';
import { brokerContract } from './broker.ts';

brokerContract('shared', async () => {
  const clock = createVirtualClock();
  const { now, setTimeout, clearTimeout } = clock;
  const host = await hostBroker(memoryBroker({ environment: { now, setTimeout, clearTimeout, random: createRandom(3) } }));
  const broker = await sharedBroker(host.port);
  const close = async (): Promise<void> => {
    await broker.close();
    await host.close();
  };
  return {
    broker: { ...broker, close },
    async advance(ms) {
      // An answer: what was said before it has arrived.
      await broker.memory();
      clock.sleep(ms);
    },
  };
});

describe('a shared broker', () => {
  const made: (Broker | BrokerHost)[] = [];
  afterEach(async () => {
    for (const each of made.splice(0).reverse()) await each.close();
  });
  const start = async (): Promise<{ readonly host: BrokerHost; join(): Promise<Broker> }> => {
    const host = await hostBroker(memoryBroker());
    made.push(host);
    return {
      host,
      async join() {
        const broker = await sharedBroker(host.port);
        made.push(broker);
        return broker;
      },
    };
  };
  const silent = { onNotice: () => {}, onVolatile: () => {}, onDoubt: () => {} };

  it('tells each process of the appends of all, in the order of the log', async () => {
    const { join } = await start();
    const brokers = [await join(), await join(), await join()];
    const heard: Notice[][] = [[], [], []];
    const leaves = await Promise.all(
      brokers.map((broker, at) => broker.follow('c', { ...silent, onNotice: (notice) => heard[at]!.push(notice) })),
    );
    const lane = (at: number): typeof LANE => ({ ...LANE, producer: `p${at}` });
    await Promise.all(
      brokers.map(async (broker, at) => {
        const requests = Array.from({ length: 100 }, (_, n) => ({ sequence: n + 1, items: [item(`${at}-${n}`)] }));
        // All under way at once: a broker that let them overtake one another would refuse a hole.
        const answers = await Promise.all(
          requests.map((request) => broker.append({ ...request, channel: 'c', lane: lane(at), first: true, keep: KEEP })),
        );
        expect(answers.every(({ stopped }) => stopped === null)).toBe(true);
      }),
    );
    // The answer to each comes after the notices of all that was appended before it.
    await Promise.all(brokers.map((broker) => broker.memory()));
    for (const notices of heard) {
      expect(notices.map(({ entry }) => entry.o)).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
      expect(notices.slice(1).every(({ previous }, n) => previous === notices[n]!.entry.g)).toBe(true);
    }
    leaves.forEach((leave) => leave());
  });

  it('comes back by itself: what was under way fails, those who follow are in doubt once they have joined again', async () => {
    const { host, join } = await start();
    const [broken, other] = [await join(), await join()];
    const events: string[] = [];
    let doubted = (): void => {};
    const doubt = new Promise<void>((resolve) => (doubted = resolve));
    await broken.follow('c', {
      onNotice: ({ entry }) => events.push(entry.id),
      onVolatile: () => {},
      onDoubt: () => (events.push('doubt'), doubted()),
    });
    broken.onRecheck(() => events.push('recheck'));
    await other.publish('c', { id: 'a', e: 'x' }, null, KEEP);
    await broken.memory();
    host.cut();
    await expect(broken.memory()).rejects.toThrow('the store was lost');
    await expect(broken.memory()).rejects.toThrow('the store is out of reach');
    await doubt;
    await expect(broken.follow('d', silent)).resolves.toBeTypeOf('function');
    await broken.publish('c', { id: 'b', e: 'x' }, null, KEEP);
    expect(events).toEqual(['a', 'recheck', 'doubt', 'b']);
  });

  it('carries bytes, and leaves out what is absent', async () => {
    const { join } = await start();
    const broker = await join();
    await broker.publish('c', { id: 'a', e: 'x', d: new Uint8Array([0, 255]) }, null, KEEP);
    const page = await broker.read('c', { latest: 1 }, { entries: 1, bytes: 1 }, KEEP);
    const entries = page.ok ? page.entries : [];
    expect(entries).toMatchObject([{ id: 'a', d: new Uint8Array([0, 255]) }]);
    expect(Object.keys(entries[0]!)).not.toContain('by');
  });
});
