// Holds I5 (docs/guarantees.md).
import { afterAll, describe, expect, it } from 'vitest';
import { longPolling, webSocket } from '../../src/index.ts';
import type { Fetch, TextStorage } from '../../src/platform/environment.ts';
import { type HttpProxyOptions, createHttpProxy } from '../support/http-proxy.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { own, printRows, rest, row, startServers, travel } from './journey.ts';

afterAll(printRows);

function createStorage(): TextStorage {
  const texts = new Map<string, string>();
  return { get: (key) => texts.get(key) ?? null, set: (key, value) => void texts.set(key, value) };
}

describe('a proxy that hangs, the first time and the second', () => {
  it.each([
    ['takes the upgrade and is silent afterwards', 'swallow'],
    ['never answers the upgrade', 'hang'],
  ] as const)('%s: an event stream, and at once when the page is loaded again', async (what, upgrade) => {
    const park = await startServers(1);
    const proxy = own(await createHttpProxy(park.ports[0]!, { upgrade }));
    const environment = { storage: createStorage() };
    const first = await travel(park, proxy.port, { environment });
    expect(first.transport).toBe('sse');
    expect(first.toWelcome).toBeLessThan(2500);
    row(`a proxy that ${what}`, first, await first.carry());
    expect(first.now()).toBe('sse');
    first.client.destroy();

    const tries = proxy.seen.filter((path) => path.endsWith('/ws')).length;
    const second = await travel(park, proxy.port, { environment });
    expect(second.transport).toBe('sse');
    expect(second.toWelcome).toBeLessThan(500);
    row('the same, loaded again', second, null);
    expect(proxy.seen.filter((path) => path.endsWith('/ws'))).toHaveLength(tries);
  });
});

describe('a proxy that refuses the upgrade', () => {
  it.each<readonly [what: string, HttpProxyOptions, transport: string]>([
    ['and nothing else', {}, 'sse'],
    ['and event streams: 403', answer(403, 'text/html', '<h1>Forbidden by policy</h1>'), 'long-polling'],
    ['and event streams: 404', answer(404, 'text/plain', 'no such page'), 'long-polling'],
    ['and event streams: a page of its own', answer(200, 'text/html', '<h1>Please sign in</h1>'), 'long-polling'],
    ['and holds every answer back until it is complete', { buffers: true }, 'long-polling'],
  ])('%s', async (what, options, transport) => {
    const park = await startServers(1);
    const proxy = own(await createHttpProxy(park.ports[0]!, { ...options, upgrade: 'refuse' }));
    const traveller = await travel(park, proxy.port);
    expect(traveller.transport).toBe(transport);
    expect(traveller.toWelcome).toBeLessThan(options.buffers === true ? 8000 : 1000);
    row(`a proxy that refuses the upgrade ${what}`, traveller, await traveller.carry());
    expect(traveller.now()).toBe(transport);
    expect(traveller.losses).toEqual([]);
  });

  function answer(status: number, type: string, body: string): HttpProxyOptions {
    return { answers: { '/sse': { status, type, body } } };
  }
});

describe('a proxy that cuts what is idle', () => {
  /** 55 s against a ping of 25 s, made smaller; further apart, for machines that are busy. */
  const [idle, ping] = [1500, 500];

  it('never sees a WebSocket that is: pings keep it open', async () => {
    const park = await startServers(1, { ping });
    const proxy = own(await createTcpProxy(() => park.ports[0]!, { idle }));
    const traveller = await travel(park, proxy.port, { transports: [webSocket()] });
    await traveller.carry();
    await rest(2 * idle);
    row('a proxy that cuts what is idle, WebSocket', traveller, await traveller.carry());
    expect(proxy.idled).toBe(0);
    expect(traveller.losses).toEqual([]);
  });

  it('teaches long polling its patience: held 4000 ms, 2000, and from then on 1000', async () => {
    const least = 1600;
    const park = await startServers(1, { ping: 4000 });
    const proxy = own(await createTcpProxy(() => park.ports[0]!, { idle: least }));
    let failed = 0;
    const counted: typeof fetch = (...args) =>
      fetch(...args).catch((error: unknown) => {
        failed += 1;
        throw error;
      });
    const environment = { fetch: counted as Fetch };
    const traveller = await travel(park, proxy.port, { transports: [longPolling({ wait: 4000 })], environment });
    await until(
      () => failed === 2,
      5 * least,
      () => `two polls were cut off, not ${failed}`,
    );
    await rest(2 * least);
    expect(failed).toBe(2);
    row('a proxy that cuts what is idle, long polling', traveller, await traveller.carry());
    expect(traveller.losses).toEqual([]);
  });
});
