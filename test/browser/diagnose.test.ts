/** What a browser keeps from a page, and diagnose() finds out all the same. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/index.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Site, createSite } from '../support/site.ts';

let chromium: TestBrowser;
let site: Site;
beforeAll(async () => {
  chromium = await launchBrowser();
  site = await createSite({ origins: ['https://only.example'] });
});
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** A page of another origin than the server. @returns what it found of each transport */
async function diagnosed(url: string, policy: string | null = null): Promise<readonly Check[]> {
  const script = await readFile(new URL('../../dist/holdfast.global.js', import.meta.url));
  const http = createServer((request, response) => {
    if (policy !== null) response.setHeader('content-security-policy', policy);
    const isScript = request.url === '/holdfast.global.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><title>a page</title><script src="holdfast.global.js"></script>');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  try {
    const { page } = await chromium.open(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
    return await page.evaluate(async (address) => {
      const { composeClient, diagnose, longPolling, sse, webSocket } = Holdfast;
      const client = composeClient({ url: address, transports: [webSocket(), sse(), longPolling()] });
      const { checks } = await diagnose(client, { timeout: 2000 });
      client.destroy();
      return checks.filter(({ ok }) => !ok);
    }, url);
  } finally {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}

describe('a page is told', () => {
  it('that the server is there, and does not allow its origin', async () => {
    const [socket, stream, poll] = await diagnosed(`${site.url}realtime`);
    expect(socket!.problem).toMatch(/Something answers at this address, but refuses the WebSocket handshake/);
    expect(stream!.problem).toMatch(/CORS/);
    expect(poll!.remedy).toMatch(/`origins`/);
  });

  it('that its own policy forbids it', async () => {
    const checks = await diagnosed(`${site.url}realtime`, "default-src 'self'");
    expect(checks.map(({ problem }) => problem)).toEqual(
      Array.from({ length: 3 }, () => 'The Content Security Policy of the page forbids it (connect-src).'),
    );
  });

  it('that nobody is there', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const checks = await diagnosed(`http://127.0.0.1:${port}/realtime`);
    expect(checks).toHaveLength(3);
    for (const { problem } of checks) expect(problem).toMatch(/cannot be reached; a page is not told/);
  });
});
