import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { check } from './architecture/check.ts';
import type { Source } from './architecture/read.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CEILING = 300;
const CODE = /^(src|server|adapters|testing|test|examples|scripts|bench)\//;
const TEXT = /\.(ts|tsx|mts|cts|js|mjs|cjs|json|md|html|css|vue|svg|yml|yaml)$|\/run$/;
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache', 'package-lock.json']);

/** In pieces, so that this file does not contain them. */
const OUTSIDE = '\\.\\./sha' + "red(?!/[a-z-]+\\.ts')";
const UNFINISHED = new RegExp(['\\bTO' + 'DO\\b', '\\bFIX' + 'ME\\b', '/wo' + 'rk/', OUTSIDE].join('|'));
const LEFT_OUT = new RegExp('\\b(it|test|describe|suite)(\\.each)?\\.(only|skip|todo|fails)\\b');

const sources = [...walk(root)].filter(({ path }) => TEXT.test(path));
const layered = sources.filter(({ path }) => /^(src|server|adapters)\/.*\.ts$/.test(path));

function* walk(folder: string): Generator<Source> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = join(folder, entry.name);
    if (NOT_OURS.has(entry.name)) continue;
    if (entry.isDirectory()) yield* walk(file);
    else
      yield {
        path: relative(root, file).split(sep).join('/'),
        text: TEXT.test(`/${entry.name}`) ? readFileSync(file, 'utf8') : '',
      };
  }
}

function lines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

describe('the layers', () => {
  it('are read from the sources', () => {
    expect(layered.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['src/errors.ts', 'src/protocol/json.ts', 'server/brokers/broker.ts']),
    );
  });

  it.each(layered)('$path keeps to its own', (source) => {
    expect(check(source)).toEqual([]);
  });
});

describe('every file', () => {
  it(`of code has at most ${CEILING} lines`, () => {
    const long = sources.filter(({ path, text }) => CODE.test(path) && lines(text) > CEILING);
    expect(long.map(({ path, text }) => `${path}: ${lines(text)}`)).toEqual([]);
  });

  it('is finished, and stands alone', () => {
    const found = sources.flatMap(({ path, text }) =>
      UNFINISHED.exec(text) === null ? [] : [`${path}: ${UNFINISHED.exec(text)?.[0] ?? ''}`],
    );
    expect(found).toEqual([]);
  });

  it('of tests runs all of them', () => {
    const found = sources.filter(({ path, text }) => /\.test\.tsx?$/.test(path) && LEFT_OUT.test(text));
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

/** Each of these must be reported, or the checks above prove nothing. */
const violations: readonly (readonly [why: string, path: string, text: string, fault: string])[] = [
  ['a file outside the layers', 'src/misc/thing.ts', '', 'belongs to no layer'],
  [
    'a channel that knows a transport',
    'src/channel/x.ts',
    `import { webSocket } from '../transports/websocket.ts';`,
    'imports src/transports/websocket.ts',
  ],
  [
    'a transport that knows another',
    'src/transports/x.ts',
    `export * from './websocket.ts';`,
    'imports src/transports/websocket.ts',
  ],
  ['one runtime part that knows another', 'src/channel/x.ts', `import '../outbox/outbox.ts';`, 'imports src/outbox/outbox.ts'],
  [
    'a client that bundles a transport',
    'src/client.ts',
    `import { webSocket } from './transports/websocket.ts';`,
    'imports src/transports/websocket.ts',
  ],
  ['an import at run time that says type', 'src/util/x.ts', `import { type Stop } from '../types.ts';`, 'imports src/types.ts'],
  ['a dynamic import', 'src/protocol/x.ts', `const load = () => import('../client.ts');`, 'imports src/client.ts'],
  [
    'a client that knows the server',
    'src/client.ts',
    `import type { Broker } from '../server/brokers/broker.ts';`,
    'of the other side',
  ],
  ['a server that knows the client', 'server/x.ts', `import type { Client } from '../src/types.ts';`, 'of the other side'],
  ['a core of the server that needs Node', 'server/x.ts', `import { createServer } from 'node:http';`, 'imports node:http'],
  [
    'a package in the wrong place',
    'src/protocol/json.ts',
    `import { encode } from '@msgpack/msgpack';`,
    'imports @msgpack/msgpack',
  ],
  ['time', 'src/connection/machine.ts', 'export const now = () => Date.now();', 'touches Date'],
  ['chance', 'src/connection/backoff.ts', 'export const wait = () => Math.random() * 9;', 'touches Math.random'],
  ['chance, renamed', 'src/connection/backoff.ts', 'const { random } = Math;', 'touches Math.random'],
  ['a timer', 'src/channel/x.ts', 'setTimeout(() => {}, 1);', 'touches setTimeout'],
  [
    'a timer beside a local of that name',
    'src/channel/x.ts',
    'const a = (setTimeout: () => void) => setTimeout(); setTimeout(a);',
    'touches setTimeout',
  ],
  ['a global by its long name', 'src/transports/x.ts', 'new globalThis.WebSocket(url);', 'touches globalThis'],
  ['a global in a shorthand', 'src/client.ts', 'const environment = { fetch };', 'touches fetch'],
  ['a pure step that waits', 'src/channel/step.ts', 'export async function step() {}', 'is asynchronous'],
  ['a pure step that promises', 'src/channel/step.ts', 'export const step = () => Promise.resolve();', 'is asynchronous'],
  ['any', 'server/x.ts', 'export const loose = (given: any) => given;', 'uses any'],
  ['a second any beside the one', 'src/types.ts', 'export type Other = any;', 'uses any'],
];

/** And none of these. */
const innocent: readonly (readonly [why: string, path: string, text: string])[] = [
  ['a type from above', 'src/util/x.ts', `import type { Stop } from '../types.ts';`],
  ['a name in a type', 'src/transports/x.ts', 'export let socket: WebSocket; export type Socket = typeof WebSocket;'],
  ['a name of a member', 'src/channel/x.ts', 'environment.setTimeout(run, 5); const a = { Date: 1 }; class B { fetch() {} }'],
  ['a name of a parameter', 'src/channel/x.ts', 'const wait = ({ setTimeout }: Environment) => setTimeout(run, 5);'],
  ['a word in a comment', 'src/channel/x.ts', '// any Date, as setTimeout would\nexport const text = "Date any";'],
  ['the rest of Math', 'src/connection/backoff.ts', 'export const most = Math.max(1, 2);'],
  ['a class over a class', 'src/errors.ts', 'export class Mine extends Error {}'],
];

describe('the checks themselves', () => {
  it.each(violations)('report %s', (_why, path, text, fault) => {
    expect(check({ path, text }).join('\n')).toContain(fault);
  });

  it.each(innocent)('let pass %s', (_why, path, text) => {
    expect(check({ path, text })).toEqual([]);
  });

  it('find unfinished words and tests that are left out', () => {
    expect(['// TO' + 'DO later', 'see /wo' + 'rk/main', '../sha' + 'red/x'].every((text) => UNFINISHED.test(text))).toBe(true);
    expect(['it.sk' + 'ip(', 'describe.on' + 'ly(', 'it.each.to' + 'do('].every((text) => LEFT_OUT.test(text))).toBe(true);
  });
});
