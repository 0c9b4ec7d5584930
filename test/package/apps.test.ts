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

  it.each([
    [
      'react',
      react(),
      'chat.tsx',
      ['react-dom/client', 'react/jsx-dev-runtime'],
      (code: string) => code.replace('useOutbox();', '$& useOutbox();'),
    ],
    ['vue', vue(), 'chat.vue', ['vue'], (code: string) => code.replace('<script setup>', '$&\n// other')],
  ] as const)('and %s, reloaded hot: one connection and one subscription, and what is there stays', async (...given) => {
    const [name, plugin, edited, needed, remounted] = given;
    const app = copyApp(name, `${name}-hot`);
    await using site = await openSite();
    const vite = await createVite({
      ...configOf(app, plugin),
      server: { middlewareMode: true, hmr: { server: site.http } },
      // Found later, a dependency would load the page again.
      optimizeDeps: { noDiscovery: true, include: [name, ...needed, 'holdfast', `holdfast/${name}`] },
    });
    try {
      site.serve((request, response) => vite.middlewares(request, response));
      const { page, errors, counts } = await visit(chromium, site.url);
      let loads = 0;
      page.on('load', () => (loads += 1));
      await connected(page);
      await page.click('button');
      await heard(page);
      const edit = async (text: string, change: (code: string) => string): Promise<void> => {
        const file = join(app, edited);
        writeFileSync(file, change(readFileSync(file, 'utf8').replace(/(?<=<h1>)[^<]*/, text)));
        await page.waitForSelector(`h1:text-is("${text}")`);
      };
      await page.evaluate(() => (document.querySelector('main')!.title = 'the first one'));
      await edit('Second text', (code) => code);
      expect(await page.locator('main').getAttribute('title')).toBe('the first one');
      await heard(page);
      // What it held is let go, and asked for again at once.
      await edit('Third text', remounted);
      expect(await page.locator('main').getAttribute('title')).toBeNull();
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
