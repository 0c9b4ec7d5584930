/** That the adapters' tests run with what package.json promises: an alias that fits nothing would test the newest twice. */
import { readFileSync } from 'node:fs';
import { version as react } from 'react';
import { version as reactDom } from 'react-dom';
import { version as reactServer } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { version as vue } from 'vue';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const read = (file: string): Manifest => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Manifest;
const { dependencies: oldest } = read('package.json');
const { peerDependencies, peerDependenciesMeta } = read('../../package.json');

describe('the oldest', () => {
  it.each([
    ['react', react],
    ['react-dom', reactDom],
    ['react-dom', reactServer],
    ['vue', vue],
  ])('%s is what the tests import', (name, version) => {
    expect(version).toBe(oldest[name]);
  });

  it.each(['react', 'vue'])('%s is where the promised range begins, and nobody must have it', (name) => {
    expect(`${peerDependencies[name]!}.0`).toBe(`>=${oldest[name]!}`);
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
  });
});
