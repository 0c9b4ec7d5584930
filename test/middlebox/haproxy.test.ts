// Holds I9 (docs/guarantees.md).
import { afterAll, describe, expect, it } from 'vitest';
import { longPolling, sse, webSocket } from '../../src/index.ts';
import { startHaproxy } from '../support/middlebox.ts';
import { LADDER, own, printRows, row, startServers, travel } from './journey.ts';

afterAll(printRows);

describe('HAProxy in turns over three servers, one of which is killed in the middle', () => {
  it.each([
    ['websocket', () => [webSocket()] as const],
    ['sse', () => [sse()] as const],
    ['long-polling', () => [longPolling()] as const],
    ['the ladder', LADDER],
  ])('%s: nothing is lost, repeated or out of turn', async (name, transports) => {
    const park = await startServers(3);
    const haproxy = own(await startHaproxy(park.ports));
    const traveller = await travel(park, haproxy.port, { transports: transports() });
    const first = name === 'the ladder' ? 'websocket' : name;
    expect(traveller.transport).toBe(first);
    expect(traveller.toWelcome).toBeLessThan(1000);
    const metrics = (name: string): Promise<number[]> =>
      Promise.all(park.servers.map(async (server) => (await server.metrics())[name]!));
    let requests: number[] = [];
    const carried = await traveller.carry(async () => {
      requests = await metrics('requests');
      // The one that carries it. A poll may be between two; then one is as good as another.
      const victim = Math.max(
        0,
        (await metrics('connections')).findIndex((count) => count > 0),
      );
      await park.servers[victim]!.kill();
    });
    expect(requests.every((count) => (first === 'websocket' ? count === 0 : count > 0))).toBe(true);
    if (first !== 'long-polling') expect(traveller.losses).not.toEqual([]);
    row(`HAProxy in turns, one of three killed, ${name}`, traveller, carried);
    expect(traveller.now()).toBe(first);
  });

  it('gathering what it passes on, as delivered: an event stream lives with it', async () => {
    const park = await startServers(3);
    const haproxy = own(await startHaproxy(park.ports, []));
    const traveller = await travel(park, haproxy.port, { transports: [sse(), longPolling()] });
    row('HAProxy in turns, as delivered, no WebSocket', traveller, await traveller.carry());
    expect(traveller.transport).toBe('sse');
    expect(traveller.losses).toEqual([]);
  });
});
