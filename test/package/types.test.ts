import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { folder, node } from './consumer.ts';

/** The oldest and the newest compiler that the declarations are made for, and the one that made them. */
const compilers = ['typescript-5.9', 'typescript', 'typescript-7'];

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const project = join(folder, 'typed');

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
  target: 'es2022',
  typeRoots: ['./node_modules/@types'],
};
const browser = { lib: ['es2022', 'dom'], types: [] };
const onNode = { lib: ['es2022'], types: ['node'] };

const consumers = [
  {
    name: 'a bundler',
    options: { ...strict, ...browser, module: 'esnext', moduleResolution: 'bundler' },
    files: { 'client.ts': CLIENT },
  },
  {
    name: 'ESM and CommonJS',
    options: { ...strict, ...browser, module: 'nodenext' },
    files: { 'client.mts': CLIENT, 'client.cts': CLIENT },
  },
  {
    name: 'a server',
    options: { ...strict, ...onNode, module: 'nodenext' },
    files: { 'server.mts': SERVER, 'server.cts': SERVER },
  },
];

beforeAll(() => {
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(modules, '@types/node'), join(project, 'node_modules/@types/node'), 'junction');
});

describe.each(consumers)('the declarations for $name', ({ name, options, files }) => {
  it.each(compilers)('are right for %s', async (compiler) => {
    for (const [file, code] of Object.entries(files)) writeFileSync(join(project, file), code);
    const config = join(project, `${name.replaceAll(' ', '-')}.json`);
    writeFileSync(config, JSON.stringify({ compilerOptions: options, files: Object.keys(files) }));
    // By its path: several compilers claim the name `tsc`.
    const complaints = await node(join(modules, compiler, 'bin/tsc'), '-p', config).catch(
      (error: unknown) => (error as { readonly stdout: string }).stdout,
    );
    expect(complaints).toBe('');
  });
});
