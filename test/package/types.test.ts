import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { folder, home, node } from './consumer.ts';

/** The oldest and the newest compiler that the declarations are made for, and the one that made them. */
const compilers = ['typescript-5.9', 'typescript', 'typescript-7'];

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const types = fileURLToPath(new URL('../types', import.meta.url));

/** The newest frameworks and the oldest, each in a project of its own: declarations of another version change what is right. */
const projects = { newest: modules, oldest: join(modules, 'holdfast-oldest/node_modules') };
type Age = keyof typeof projects;
const projectOf = (age: Age): string => join(folder, `typed-${age}`);

const CLIENT = `
import { type Client, type Cursor, HoldfastError, composeClient, createClient, isHoldfastError, json, webSocket } from 'holdfast';
import { msgpack } from 'holdfast/msgpack';

const client: Client = createClient('https://example.org/realtime', { getToken: async () => null, codec: msgpack() });
composeClient({ url: new URL('https://example.org'), transports: [webSocket()], codec: json() }).destroy();

const room = client.channel('room:1');
const stop = room.subscribe('chat', (data: { text: string }, message) => {
  const cursor: Cursor | null = message.cursor;
  console.log(data.text, cursor?.offset.toFixed());
});
stop();
stop[Symbol.dispose]();

const receipt = room.publish('chat', { text: 'hello' }, { ttl: 1000 });
receipt.accepted.catch((error: unknown) => {
  if (isHoldfastError(error, 'forbidden')) console.log(error.remedy.length);
});

const status = client.status.get();
if (status.state === 'waiting') console.log(status.retryAt.toFixed(), status.reason.code);
new HoldfastError('aborted', 'on request', { retryAfter: null });

// If the declarations had become \`any\`, these would be no errors.
// @ts-expect-error -- a URL is needed
createClient(42);
// @ts-expect-error -- not one of the codes
new HoldfastError('unheard-of', '');
// @ts-expect-error -- a transport is a value, not a name
composeClient({ url: '', transports: ['websocket'] });
`;

/** Where there is nothing of Node, as in a worker. */
const CORE = `
import { type ServerCore, createServerCore, memoryBroker } from 'holdfast/server/core';
import { defineContract } from 'holdfast/contract';

const contract = defineContract({ channels: { 'room:{id}': { events: {} } } });
const options = { authenticate: () => ({ user: null }), broker: memoryBroker() };
const server: ServerCore = createServerCore({ ...options, channels: {} });
export const typed = createServerCore({ ...options, contract, channels: { 'room:{id}': { subscribe: true } } });
export const answer: Promise<Response> = server.fetch(new Request('https://example.org/realtime/poll'));
// @ts-expect-error -- if the declarations had become \`any\`, this would be no error
createServerCore({ channels: {} });
// @ts-expect-error -- a rule for an unknown pattern
createServerCore({ ...options, contract, channels: { 'rooms:{id}': { subscribe: true } } });
`;

const SERVER = `
import * as server from 'holdfast/server';
import { msgpack } from 'holdfast/msgpack';

export const names: readonly string[] = [...Object.keys(server), msgpack().name];
// @ts-expect-error -- if the declarations had become \`any\`, this would be no error
server.noSuchExport;
`;

/** All that a strict consumer may switch on, and declarations checked to the last line. */
const strict = {
  noEmit: true,
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  allowImportingTsExtensions: true,
  jsx: 'react-jsx',
  target: 'es2022',
  typeRoots: ['./node_modules/@types'],
};
const browser = { lib: ['es2022', 'dom', 'dom.iterable'], types: [] };
const onNode = { lib: ['es2022'], types: ['node'] };
const bundler = { module: 'esnext', moduleResolution: 'bundler' };
const nodenext = { module: 'nodenext' };

/** What has to compile with the sources has to compile with what is published: these are made from test/types. */
const hooks = ['react.tsx', 'vue.ts'];
const esm = (files: readonly string[]): readonly string[] => files.map((file) => `esm/${file}`);
const both = (files: readonly string[]): readonly string[] => [...esm(files), ...files.map((file) => `cjs/${file}`)];

interface Consumer {
  readonly name: string;
  /** @default newest */
  readonly age?: Age;
  readonly options: object;
  readonly files: readonly string[];
}
const consumers: readonly Consumer[] = [
  { name: 'a bundler', options: { ...browser, ...bundler }, files: ['client.mts', 'core.mts', ...esm(['client.ts', ...hooks])] },
  {
    name: 'ESM and CommonJS',
    options: { ...browser, ...nodenext },
    files: ['client.mts', 'client.cts', 'core.mts', 'core.cts', ...both(hooks)],
  },
  { name: 'a server', options: { ...onNode, ...nodenext }, files: ['server.mts', 'server.cts', ...both(['server.ts'])] },
  { name: 'a bundler and old frameworks', age: 'oldest', options: { ...browser, ...bundler }, files: esm(hooks) },
  { name: 'ESM and CommonJS and old frameworks', age: 'oldest', options: { ...browser, ...nodenext }, files: both(hooks) },
];

function makeProject(age: Age): void {
  const project = projectOf(age);
  const write = (file: string, content: string): void => writeFileSync(join(project, file), content);
  const own = join(project, 'node_modules');
  // Not a link: what it imports is looked up from where it really is.
  cpSync(home, join(own, 'holdfast'), { recursive: true });
  for (const [name, from] of [
    ...['@types/node', 'valibot', 'zod'].map((name) => [name, modules] as const),
    ...['@types/react', 'vue'].map((name) => [name, projects[age]] as const),
  ]) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    symlinkSync(join(from, name), join(own, name), 'junction');
  }
  for (const [name, code] of Object.entries({ client: CLIENT, server: SERVER, core: CORE })) {
    for (const extension of ['mts', 'cts']) write(`${name}.${extension}`, code);
  }
  for (const [kind, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ] as const) {
    cpSync(types, join(project, kind), { recursive: true });
    write(join(kind, 'package.json'), JSON.stringify({ type }));
  }
}

beforeAll(() => {
  makeProject('newest');
  makeProject('oldest');
});

describe.each(consumers)('the declarations for $name', ({ name, age = 'newest', options, files }) => {
  it.each(compilers)('are right for %s', { timeout: 180_000 }, async (compiler) => {
    const config = join(projectOf(age), `${name.replaceAll(' ', '-')}.json`);
    writeFileSync(config, JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
    // By its path: several compilers claim the name `tsc`.
    const complaints = await node(join(modules, compiler, 'bin/tsc'), '-p', config).catch(
      (error: unknown) => (error as { readonly stdout: string }).stdout,
    );
    expect(complaints).toBe('');
  });
});
