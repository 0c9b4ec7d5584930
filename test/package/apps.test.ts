/** The adapters in the tools that apps are made with: built, rendered on a server, and reloaded hot, from the tarball. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import type { Page } from 'playwright-core';
import { build, createServer as createVite } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { built, configOf, copyApp, openSite, visit } from './app.ts';
import { node } from './consumer.ts';

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

/** StrictMode mounts everything twice: even so. */
const ONCE = { sockets: 1, subs: 1 };

const connected = (page: Page): Promise<unknown> => page.waitForSelector('[data-connection=connected]');
const heard = (page: Page): Promise<unknown> => page.waitForSelector('li:text-is("hello"):only-child');

describe('an app made with Vite', () => {
  it.each([
    ['react', react()],
    ['vue', vue()],
  ])('and %s: a message travels from one page to another', async (name, plugin) => {
    const app = copyApp(name, `${name}-built`);
    await build(configOf(app, plugin));
    await using site = await openSite();
    site.serve(built(app));
    const [ann, bob] = [await visit(chromium, site.url), await visit(chromium, site.url)];
    for (const { page } of [ann, bob]) await connected(page);
    await ann.page.click('button');
    for (const { page } of [ann, bob]) await heard(page);
    expect([ann.counts, bob.counts]).toEqual([ONCE, ONCE]);
    expect(site.hellos).toBe(2);
    expect([...ann.errors, ...bob.errors]).toEqual([]);
  });

  it('and rendered on a server: nothing connects there, and the page takes over what came', async () => {
    const app = copyApp('react', 'react-rendered');
    const config = configOf(app, react());
    await build(config);
    await build({ ...config, build: { ssr: 'server.tsx', outDir: 'dist-server' } });
    await using site = await openSite();
    // That the program ends by itself is a part of it.
    const html = (await node(join(app, 'dist-server/server.js'), `${site.url}realtime`)).trim();
    expect(html).toContain('data-connection="idle"');
    expect(html).toContain('First text');
    expect(site.hellos).toBe(0);
    site.serve(built(app, (page) => page.replace('<div id="root">', `<div id="root" data-rendered>${html}`)));
    const { page, errors } = await visit(chromium, site.url);
    await connected(page);
    await page.click('button');
    await heard(page);
    expect(errors).toEqual([]);
  });

  it('and reloaded hot: one connection and one subscription, and what is there stays', async () => {
    const app = copyApp('react', 'react-hot');
    await using site = await openSite();
    const vite = await createVite({
      ...configOf(app, react()),
      appType: 'spa',
      server: { middlewareMode: true, hmr: { server: site.http } },
      // Found later, a dependency would load the page again.
      optimizeDeps: {
        noDiscovery: true,
        include: ['react', 'react-dom/client', 'react/jsx-dev-runtime', 'react/jsx-runtime', 'holdfast', 'holdfast/react'],
      },
    });
    try {
      site.serve((request, response) => vite.middlewares(request, response));
      const { page, errors, counts } = await visit(chromium, site.url);
      let loads = 0;
      page.on('load', () => (loads += 1));
      await connected(page);
      await page.click('button');
      await heard(page);
      const file = join(app, 'chat.tsx');
      writeFileSync(file, readFileSync(file, 'utf8').replace('First text', 'Second text'));
      await page.waitForSelector('h1:text-is("Second text")');
      await heard(page);
      await page.click('button');
      await expect.poll(() => page.locator('li').count(), { timeout: 20_000 }).toBe(2);
      expect({ ...counts, hellos: site.hellos, loads }).toEqual({ ...ONCE, hellos: 1, loads: 0 });
      expect(errors).toEqual([]);
    } finally {
      await vite.close();
    }
  });
});
