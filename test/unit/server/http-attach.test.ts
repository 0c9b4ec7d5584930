import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer } from '../../../server/index.ts';
import { closeAll, framesOf, post, type Site, start, toClose } from './http-site.ts';
import { hello } from './http-support.ts';

afterEach(closeAll);

describe('attach', () => {
  const text = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();
  const get = (site: Site, path: string): Promise<string> => text(`${site.url}${path}`);

  it('shows the app nothing of its own paths, whenever the app began to listen', async () => {
    const site = await start();
    const seen: (string | undefined)[] = [];
    site.http.on('request', ({ url }) => seen.push(url));
    site.http.prependListener('request', ({ url }) => seen.push(url));
    await post(`${site.url}/realtime/poll`, [hello()]);
    expect(seen).toEqual([]);
    expect(await get(site, '/realtime/other')).toBe('the app');
    expect(await get(site, '/realtimes/poll')).toBe('the app');
    expect(seen).toEqual(['/realtime/other', '/realtime/other', '/realtimes/poll', '/realtimes/poll']);
  });

  it('answers 404 for what nobody else listens for', async () => {
    const site = await start({}, false);
    const response = await fetch(`${site.url}/realtime/other`);
    expect([response.status, await framesOf(response)]).toMatchObject([404, [{ t: 'bye', code: 1008 }]]);
  });

  it('gives everything back, also when it was wrapped again meanwhile', async () => {
    const site = await start();
    const other = createServer({ authenticate: () => ({ user: null }), channels: {} });
    toClose.push(() => other.close());
    const detachOther = other.attach(site.http, { path: '/other' });
    site.detach();
    expect(await text(`${site.url}/realtime/poll`, { method: 'POST' })).toBe('the app');
    expect((await post(`${site.url}/other/poll`, [hello()])).status).toBe(200);
    detachOther();
    expect(await text(`${site.url}/other/poll`, { method: 'POST' })).toBe('the app');
  });

  it('leaves `emit` as it was', async () => {
    const site = await start();
    expect(Object.hasOwn(site.http, 'emit')).toBe(true);
    site.detach();
    expect(Object.hasOwn(site.http, 'emit')).toBe(false);
  });

  it('answers a request that asks before it sends its body, where the app listens for those', async () => {
    const site = await start();
    site.http.on('checkContinue', (_request, response) => response.end('the app'));
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', expect: '100-continue' };
      const call = request(`${site.url}/realtime/poll`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      call.on('continue', () => call.end(JSON.stringify([hello()]))).on('error', reject);
      call.flushHeaders();
    });
    expect(status).toBe(200);
  });
});
