// Holds I5 (docs/guarantees.md).
import { afterAll, describe, expect, it } from 'vitest';
import { UPGRADE, startNginx } from '../support/middlebox.ts';
import { ROOM, own, printRows, rest, row, startServers, travel } from './journey.ts';

afterAll(printRows);

describe('nginx', () => {
  it('as it is delivered: no WebSocket, but an event stream, for it heeds X-Accel-Buffering', async () => {
    const park = await startServers(1);
    const nginx = own(await startNginx(park.ports));
    const traveller = await travel(park, nginx.port);
    row('nginx, as delivered', traveller, await traveller.carry());
    expect(traveller.transport).toBe('sse');
    expect(traveller.now()).toBe('sse');
    expect(traveller.toWelcome).toBeLessThan(1000);
  });

  it.each([
    ['little', 1, 'long-polling'],
    // Its beginning fills the buffer: all but the tail of it comes at once, and what follows stays there.
    ['much', 60, 'sse'],
  ])('told to buffer everything, with %s to read at first: long polling in the end', async (much, entries, first) => {
    const park = await startServers(1, {}, entries);
    const nginx = own(await startNginx(park.ports, ['proxy_ignore_headers X-Accel-Buffering;']));
    const traveller = await travel(park, nginx.port, { channels: { [ROOM]: { rewind: entries } } });
    expect(traveller.transport).toBe(first);
    expect(traveller.toWelcome).toBeLessThan(2500);
    const carried = await traveller.carry();
    row(`nginx, buffering everything, ${much} to read`, traveller, carried);
    expect(carried).toBeLessThan(8000);
    expect(traveller.now()).toBe('long-polling');
    await traveller.carry();
    expect(traveller.losses).toEqual(['buffered']);
  });

  it('unbuffered, without upgrade headers: an event stream, which pings keep open', async () => {
    const [ping, timeout] = [300, 1200];
    const park = await startServers(1, { ping });
    const nginx = own(await startNginx(park.ports, ['proxy_buffering off;', `proxy_read_timeout ${timeout}ms;`]));
    const traveller = await travel(park, nginx.port);
    row('nginx, unbuffered, no upgrade', traveller, await traveller.carry());
    expect(traveller.transport).toBe('sse');
    expect(traveller.toWelcome).toBeLessThan(1000);
    await rest(2 * timeout);
    await traveller.carry();
    expect(traveller.losses).toEqual([]);
    expect(traveller.now()).toBe('sse');
  });

  it('as it should be: a WebSocket, which pings keep open', async () => {
    const [ping, timeout] = [300, 1200];
    const park = await startServers(1, { ping });
    const nginx = own(await startNginx(park.ports, [...UPGRADE, 'proxy_buffering off;', `proxy_read_timeout ${timeout}ms;`]));
    const traveller = await travel(park, nginx.port);
    const carried = await traveller.carry();
    row('nginx, as it should be', traveller, carried);
    expect(traveller.transport).toBe('websocket');
    await rest(2 * timeout);
    await traveller.carry();
    expect(traveller.losses).toEqual([]);
    expect(traveller.now()).toBe('websocket');
  });
});
