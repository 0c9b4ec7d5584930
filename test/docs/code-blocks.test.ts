/** Every block of code in the documents is checked or run, as it stands there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Io, type Running, serve } from '../../server/node/serve.ts';
import { type Block, blocks, blocksOf, fileOf, root, titleOf } from './blocks.ts';
import { checkTypes, isCode } from './check-types.ts';
import { atPort, runProgram, runServer } from './run.ts';

/** A program starts in a Node of its own. */
const SLOW = 60_000;

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

const titled = (list: readonly Block[]): readonly (readonly [title: string, block: Block])[] =>
  list.map((block) => [titleOf(block), block]);
const of = (...languages: readonly string[]): readonly Block[] => blocks.filter(({ language }) => languages.includes(language));

it('each block says what it is, so that none goes unchecked', () => {
  expect(blocks.length).toBeGreaterThan(30);
  const known = [...of('ts', 'tsx', 'js', 'vue', 'html', 'sh', 'nginx', 'text')];
  expect(blocks.filter((block) => !known.includes(block)).map(titleOf)).toEqual([]);
});

describe('types', () => {
  const code = blocks.filter(isCode);
  const broken = blocksOf('a wrong document', "```ts\nimport { createClient } from 'holdfast';\ncreateClient(42);\n```\n");
  let told: ReadonlyMap<Block, readonly string[]>;
  beforeAll(() => {
    told = checkTypes([...code, ...broken]);
  }, SLOW);

  it.each(titled(code))('%s', (_title, block) => {
    expect(told.get(block)).toEqual([]);
  });

  it('a mistake would be noticed', () => {
    expect(told.get(broken[0]!)?.join()).toMatch(/^line 2: .*'number' is not assignable/);
  });
});

describe('programs print what the document says', () => {
  const programs = blocks.filter(({ flags }) => flags.includes('run'));

  it('there are some', () => {
    expect(programs.length).toBeGreaterThan(3);
  });

  it.each(titled(programs))(
    '%s',
    async (_title, block) => {
      const expected = blocks[blocks.indexOf(block) + 1];
      expect(expected).toMatchObject({ document: block.document, language: 'text' });
      await using server = await startOpenServer();
      await using program = await runProgram(atPort(block.text, server.port));
      expect(await program.ended()).toEqual({ code: 0, output: expected?.text.trimEnd() });
    },
    SLOW,
  );
});

describe('the README’s first message', () => {
  it.each(['client.ts', 'node-20.ts'])(
    'travels between its server and two of its clients: %s',
    async (name) => {
      const { program: server, port } = await runServer(fileOf('README.md', 'server.mjs'));
      await using _server = server;
      const client = atPort(fileOf('README.md', name), port);
      const hello = /'(hello[^']*)'/.exec(client)![1]!;
      await using ada = await runProgram(client);
      await ada.line(new RegExp(`^${hello}$`));
      await using bob = await runProgram(`${client}\nroom.publish('message', { text: 'from the second client' });`);
      await ada.line(/^from the second client$/);
      await bob.line(/^from the second client$/);
      expect(ada.lines).toEqual([hello, hello, 'from the second client']);
      expect(bob.lines).toEqual([hello, 'from the second client']);
    },
    SLOW,
  );
});

describe('the README’s client for Node 20', () => {
  it(
    'may be there before its server',
    async () => {
      const text = fileOf('README.md', 'server.mjs');
      const { program: first, port } = await runServer(text);
      await first[Symbol.asyncDispose]();
      const tell = `client.status.subscribe(() => console.log(client.status.get().state));`;
      await using client = await runProgram(atPort(fileOf('README.md', 'node-20.ts'), port) + tell);
      await client.line(/^waiting$/);
      const { program: second } = await runServer(text, port);
      await using _server = second;
      await client.line(/^hello from Node 20$/);
    },
    SLOW,
  );
});

describe('the snapshot of the resync guide', () => {
  const guide = 'docs/guides/resync.md';

  it(
    'is loaded at first and after a reset, and what changes meanwhile is not missed',
    async () => {
      const { program: server, port } = await runServer(fileOf(guide, 'server.mjs'));
      await using _server = server;
      const url = `http://127.0.0.1:${port}/tasks`;
      const change = async (id: number, title: string): Promise<void> => {
        await fetch(url, { method: 'POST', body: JSON.stringify({ id, title }) });
      };
      await change(0, 'before');
      // Afterwards the test steers the guide's client: away, back, and a look at what it shows.
      const steer = `
        const state = () => JSON.stringify([...tasks.values()].map(({ title }) => title));
        const until = async (fits: () => boolean) => { while (!fits()) await new Promise((resolve) => setTimeout(resolve, 5)); };
        await until(() => tasks.size === 1);
        console.log('first', state());
        client.disconnect();
        for (let n = 1; n <= 150; n += 1) {
          await fetch('${url}', { method: 'POST', body: JSON.stringify({ id: n % 3, title: 'away ' + n }) });
        }
        client.connect();
        await until(() => tasks.size === 3);
        console.log('again', state());
        await fetch('${url}', { method: 'POST', body: JSON.stringify({ id: 9, title: 'live' }) });
        await until(() => tasks.size === 4);
        console.log('on', state());
        client.destroy();`;
      await using client = await runProgram(atPort(fileOf(guide, 'client.ts'), port) + steer);
      expect(await client.ended()).toEqual({
        code: 0,
        output: [
          'load: first',
          'first ["before"]',
          'load: trimmed',
          'again ["away 150","away 148","away 149"]',
          'on ["away 150","away 148","away 149","live"]',
        ].join('\n'),
      });
    },
    SLOW,
  );
});

describe('the requests guide', () => {
  it(
    'prints what it says',
    async () => {
      const guide = 'docs/guides/requests.md';
      const { program: server, port } = await runServer(fileOf(guide, 'server.mjs'));
      await using _server = server;
      const client = blocks.find(({ document, flags }) => document === guide && flags.includes('client.ts'))!;
      const expected = blocks[blocks.indexOf(client) + 1]!;
      await using program = await runProgram(`${atPort(client.text, port)}\nclient.destroy();`);
      expect(await program.ended()).toEqual({ code: 0, output: expected.text.trimEnd() });
    },
    SLOW,
  );
});

describe('servers of the guides', () => {
  const servers = blocks.filter(({ flags }) => flags.includes('server.mjs'));

  it.each(titled(servers))(
    '%s starts and takes a client',
    async (_title, block) => {
      const { program, port } = await runServer(block.text);
      await using _server = program;
      const visit = `
        import { createClient } from 'holdfast';
        const client = createClient('http://127.0.0.1:${port}/realtime');
        client.status.subscribe(() => {
          if (client.status.get().state !== 'connected') return;
          console.log('connected');
          client.destroy();
        });
        client.connect();`;
      await using client = await runProgram(visit);
      expect(await client.ended()).toEqual({ code: 0, output: 'connected' });
    },
    SLOW,
  );
});

/** What the build makes for pages without a bundler. */
const built = ['holdfast.global.js', 'holdfast.module.js'];
const published = (file: string): string => `https://unpkg.com/${manifest.name}@${manifest.version}/${file}`;

describe('commands', () => {
  const commands = of('sh').flatMap((block) =>
    block.text
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== '')
      .map((command) => [`${titleOf(block)}: ${command}`, command, block] as const),
  );

  it.each(commands)('%s', async (_title, command, block) => {
    const [program, ...args] = command.split(' ');
    switch (program) {
      case 'npm':
        if (args[0] === 'install') expect([manifest.name, ...Object.keys(manifest.peerDependencies)]).toContain(args[1]);
        else expect(Object.keys(manifest.scripts)).toContain(args[0] === 'run' ? args[1] : args[0]);
        break;
      case 'node':
        expect(() => fileOf(block.document, args[0]!)).not.toThrow();
        break;
      case 'curl':
        // Whether it holds the right hashes is for the tests of the package.
        expect(args).toEqual([published('dist/integrity.json')]);
        break;
      case 'cp':
        for (const file of args.slice(0, -1)) expect(built).toContain(file.replace(`node_modules/${manifest.name}/dist/`, ''));
        break;
      case 'npx':
        expect(args.shift()).toBe(manifest.name);
        await tryOut(args);
        break;
      default:
        expect.fail(`Nobody knows whether this works: ${command}`);
    }
  });
});

describe('script tags', () => {
  const tags = of('html', 'js').flatMap((block) =>
    [...block.text.matchAll(/https:[^"']+/g)].map(([src]) => [titleOf(block), src] as const),
  );

  it.each(tags)('%s: %s is a script of this version', (_title, src) => {
    expect(built.map((file) => published(`dist/${file}`))).toContain(src);
  });

  it('there are some', () => {
    expect(tags.length).toBeGreaterThan(0);
  });
});

describe('nginx', () => {
  it.each(titled(of('nginx')))('%s passes a WebSocket on', (_title, { text }) => {
    const value = (directive: string): string | undefined => new RegExp(`^\\s*${directive} (.*);$`, 'm').exec(text)?.[1];
    expect(value('proxy_http_version')).toBe('1.1');
    expect(value('proxy_set_header Upgrade')).toBe('$http_upgrade');
    expect(value('proxy_set_header Connection')).toBe('"upgrade"');
    expect(value('proxy_set_header Host')).toBe('$http_host');
    expect(value('proxy_pass')).toBe('http://127.0.0.1:8080');
    expect(value('proxy_read_timeout')).toBe('75s');
    expect(text).toMatch(/^location \/realtime\/ \{\n/);
  });
});

// ---- the `holdfast` command --------------------------------------------------------------------------------------------

const silent: Io = { out: () => {}, err: () => {} };

async function startOpenServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const running = (await serve(['serve', '--port', '0'], silent)) as Running;
  return { port: Number(new URL(running.url).port), [Symbol.asyncDispose]: () => running.stop(0) };
}

/** As `npx holdfast …` does, but on any free port. */
async function tryOut(args: readonly string[]): Promise<void> {
  const said: string[] = [];
  const any = args.map((arg) => (arg === '8080' ? '0' : arg));
  const running = await serve(any, { out: (text) => void said.push(text), err: (text) => void said.push(text) });
  if (typeof running === 'number') expect({ code: running, said }).toMatchObject({ code: 0 });
  else await running.stop(0);
}
