import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, inject, it } from 'vitest';
import { entries, evaluate, folder, home, manifest, node } from './consumer.ts';

async function namesByImport(entry: string): Promise<readonly string[]> {
  return (await evaluate('module', `console.log(JSON.stringify(Object.keys(await import('${entry}')).sort()))`)) as string[];
}

async function namesByRequire(entry: string): Promise<readonly string[]> {
  return (await evaluate('commonjs', `console.log(JSON.stringify(Object.keys(require('${entry}')).sort()))`)) as string[];
}

describe('the packed tarball', () => {
  it('exports the client, the server, and what goes with them', () => {
    const more = ['server', 'server/core', 'msgpack', 'contract', 'react', 'vue'];
    expect(entries).toEqual(['holdfast', ...more.map((name) => `holdfast/${name}`)]);
  });

  it.each(entries)('%s gives the same names to import and to require', async (entry) => {
    const names = await namesByImport(entry);
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain('default');
    expect(await namesByRequire(entry)).toEqual(names);
  });

  it('has every file that its manifest names', () => {
    const named = JSON.stringify(manifest).match(/\.\/dist\/[^"]+/g) ?? [];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((file) => !existsSync(join(home, file)))).toEqual([]);
  });

  it('brings its licence, its change log and its documents, and no sources or tests', () => {
    const top = readdirSync(home);
    expect(top).toEqual(expect.arrayContaining(['LICENSE', 'CHANGELOG.md', 'README.md', 'dist', 'docs', 'package.json']));
    expect(top).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(src|server|test|scripts|examples|bench)$/)]));
  });

  it('shares one copy of an error between its entries', async () => {
    const code = `
      const { isHoldfastError, HoldfastError } = await import('holdfast');
      const error = new HoldfastError('aborted', 'on request');
      console.log(JSON.stringify([error.code, error.retryable, isHoldfastError(error, 'aborted'), isHoldfastError(new Error())]));`;
    expect(await evaluate('module', code)).toEqual(['aborted', false, true, false]);
  });

  it('resolves source maps to sources that travel in them', () => {
    const map = JSON.parse(readFileSync(join(home, 'dist/msgpack.js.map'), 'utf8')) as {
      readonly sourcesContent: readonly string[];
    };
    expect(map.sourcesContent.join()).toContain('export function msgpack');
  });
});

describe('the command', () => {
  const program = join(home, manifest.bin['holdfast'] ?? '');

  it('can be run as it is', () => {
    accessSync(program, constants.X_OK);
    expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('tells how it is used', async () => {
    expect(await node(program, '--help')).toContain('npx holdfast');
  });
});

describe('the script tag', () => {
  const script = readFileSync(join(home, manifest.unpkg), 'utf8');

  it('defines one global with the names of the main entry, where there is nothing but the language', async () => {
    const context = createContext({});
    const before = runInContext('Object.getOwnPropertyNames(globalThis)', context) as readonly string[];
    runInContext(script, context);
    const after = runInContext('Object.getOwnPropertyNames(globalThis)', context) as readonly string[];
    expect(after.filter((name) => !before.includes(name))).toEqual(['Holdfast']);
    expect(runInContext('Object.keys(Holdfast).sort()', context)).toEqual(await namesByImport('holdfast'));
  });

  it('works: an error made in it is an error of the page', () => {
    const context = createContext({});
    runInContext(script, context);
    expect(runInContext(`new Holdfast.HoldfastError('aborted', '') instanceof Error`, context)).toBe(true);
  });
});

describe('the consumer of these tests', () => {
  it('has nothing that the tarball does not declare, but what comes with a framework', () => {
    const installed = readdirSync(join(folder, 'node_modules'));
    const expected = [...Object.keys(manifest.dependencies), ...inject('frameworks'), 'holdfast'].map(
      (name) => name.split('/')[0],
    );
    expect(installed.sort()).toEqual([...new Set(expected)].sort());
  });
});
