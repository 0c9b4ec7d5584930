import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { describe, expect, inject, it } from 'vitest';
import { entries, evaluate, folder, manifest } from './consumer.ts';

/** Whatever reads time, chance, network, storage or the page. */
const PLATFORM = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame', 'performance'],
  ...['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'BroadcastChannel', 'indexedDB', 'localStorage', 'caches'],
  ...['navigator', 'document', 'window', 'self', 'location', 'addEventListener', 'crypto', 'process', 'console'],
];

/**
 * Imports `entry` where reading a global of the platform leaves a note. Only reads by this package's own files count: what
 * its dependencies do is theirs to answer for.
 */
function trapped(entry: string, then = ''): string {
  // Vue leaves globals of its own: they are there before.
  const framework = /(?:react|vue)$/.exec(entry)?.[0];
  return `
    ${framework === undefined ? '' : `await import('${framework}');`}
    const touched = new Set();
    const note = (name) => {
      const caller = new Error().stack.split('\\n')[3] ?? '';
      if (caller.includes('node_modules/holdfast/')) touched.add(name);
    };
    const platform = ${JSON.stringify(PLATFORM)};
    for (const name of platform) {
      const value = globalThis[name];
      Object.defineProperty(globalThis, name, { configurable: true, get: () => (note(name), value), set: () => note(name) });
    }
    for (const [owner, name] of [[Date, 'now'], [Math, 'random']]) {
      const value = owner[name];
      Object.defineProperty(owner, name, { configurable: true, get: () => (note(name), value) });
    }
    const before = Object.getOwnPropertyNames(globalThis).length;
    const loaded = await import('${entry}');
    ${then}
    const added = Object.getOwnPropertyNames(globalThis).length - before;
    const resources = (await import('node:process')).getActiveResourcesInfo().filter((kind) => /Timeout|Immediate|Server|Socket/.test(kind));
    (await import('node:fs')).writeSync(1, JSON.stringify({ touched: [...touched], added, resources }));`;
}

describe('importing an entry calls nothing', () => {
  it.each(entries)('%s', async (entry) => {
    expect(await evaluate('module', trapped(entry))).toEqual({ touched: [], added: 0, resources: [] });
  });

  it('would be noticed', async () => {
    const use = `loaded.createClient('https://example.org').channel('a').subscribeAll(() => {});`;
    expect(await evaluate('module', `${trapped('holdfast', use)} process.exit()`)).toMatchObject({
      touched: expect.arrayContaining(['WebSocket']) as unknown,
    });
  });
});

const client = entries.filter((entry) => !entry.startsWith('holdfast/server'));
const anywhere = entries.filter((entry) => entry !== 'holdfast/server');

describe('a page', () => {
  it.each(client)('loads no file of the server with %s, and no module of Node', async (entry) => {
    const stdin = { contents: `export * from '${entry}';`, resolveDir: folder };
    const { metafile } = await build({ stdin, bundle: true, format: 'esm', platform: 'browser', write: false, metafile: true });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.length).toBeGreaterThan(3);
    expect(inputs.filter((file) => /dist\/server|node_modules\/ws\/|node:/.test(file))).toEqual([]);
  });
});

describe('a worker', () => {
  it('loads no module of Node with holdfast/server/core', async () => {
    const stdin = { contents: `export * from 'holdfast/server/core';`, resolveDir: folder };
    // Neutral: a module of Node would be an import that nobody resolves.
    const { metafile } = await build({
      stdin,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      write: false,
      metafile: true,
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContainEqual(expect.stringMatching(/dist\/server\/core\.js$/));
    expect(inputs.filter((file) => /node_modules\/ws\/|node:|server\/node\//.test(file))).toEqual([]);
  });
});

describe('sideEffects: false', () => {
  it('is declared', () => {
    expect(manifest.sideEffects).toBe(false);
  });

  it.each(anywhere)('esbuild leaves nothing of an unused import of %s', async (entry) => {
    const stdin = { contents: `import '${entry}';`, resolveDir: folder };
    // The warning says what is tested here: that the import is ignored.
    const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false, logLevel: 'silent' });
    expect(outputFiles[0]?.text.trim()).toBe('');
  });

  it.each(anywhere)('rollup leaves nothing of an unused import of %s', async (entry) => {
    const input = join(folder, 'user.mjs');
    writeFileSync(input, `import '${entry}';`);
    // A warning is the point here too: the chunk is empty.
    const bundle = await rollup({
      input,
      external: [...Object.keys(manifest.dependencies), ...inject('frameworks')],
      plugins: [nodeResolve()],
      onwarn: () => {},
    });
    const { output } = await bundle.generate({ format: 'es' });
    await bundle.close();
    expect(output[0].code.trim()).toBe('');
  });
});
