import { posix } from 'node:path';
import { LAYERS, type Layer, PLATFORM } from './layers.ts';
import { type Import, type Source, read } from './read.ts';

/** Every fault of a source file against the layers, as a sentence. */
export function check(source: Source): readonly string[] {
  const layer = layerOf(source.path);
  if (layer === null) return ['belongs to no layer'];
  const { imports, globals, asynchronous, anys } = read(source);
  return [
    ...imports.flatMap((found) => checkImport(source.path, layer, found) ?? []),
    ...[...globals].filter((name) => !mayTouch(layer, name)).map((name) => `touches ${name}`),
    ...(layer.synchronous && asynchronous ? ['is asynchronous'] : []),
    ...(mayBeAny(source.path) ? [] : anys).map((statement) => `uses any: ${statement}`),
  ];
}

function layerOf(path: string): Layer | null {
  return LAYERS.find(({ files }) => files.test(path)) ?? null;
}

function checkImport(path: string, layer: Layer, { from, typeOnly }: Import): string | null {
  if (!from.startsWith('.')) return typeOnly || layer.packages?.test(from) ? null : `imports ${from}`;
  const target = posix.join(posix.dirname(path), from);
  const theirs = layerOf(target);
  if (crossesSides(path, target)) return `imports ${target}, of the other side`;
  if (typeOnly) return null;
  if (theirs === null) return `imports ${target}, which belongs to no layer`;
  // A module of types alone has nothing to load.
  if (theirs.name === 'types') return `imports ${target} without \`import type\``;
  if (layer.imports.includes(theirs.name) || layer.imports.includes(target)) return null;
  if (theirs.name === layer.name && mayUseOwn(layer, path, target)) return null;
  return `imports ${target} (${theirs.name}), but is ${layer.name}`;
}

/** Client and server know of each other only what the protocol says: not even types. */
function crossesSides(path: string, target: string): boolean {
  const isServer = path.startsWith('server/');
  return isServer ? !/^(server|src\/(protocol|contract))\/|^src\/errors\.ts$/.test(target) : target.startsWith('server/');
}

function mayUseOwn({ own = 'all' }: Layer, path: string, target: string): boolean {
  return own === 'all' || (own === 'same-folder' && posix.dirname(path) === posix.dirname(target));
}

function mayTouch({ platform = [] }: Layer, name: string): boolean {
  return !PLATFORM.has(name) || platform === 'all' || platform.includes(name);
}

/** Payloads without a contract. */
function mayBeAny(path: string): boolean {
  return path === 'src/contract/contract.ts';
}
