/** What the compiler has to do for a large app. Its instantiations repeat exactly, where seconds do not. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** The compiler reads the libraries. */
const SLOW = 120_000;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const options: ts.CompilerOptions = {
  ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true, noEmit: true },
  ...{
    allowImportingTsExtensions: true,
    types: ['node'],
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
  },
  paths: {
    holdfast: [join(root, 'src/index.ts')],
    'holdfast/contract': [join(root, 'src/contract/index.ts')],
    'holdfast/react': [join(root, 'adapters/react/index.ts')],
    'holdfast/server': [join(root, 'server/index.ts')],
  },
};

// ---- an app of 60 patterns, in 15 families that overlap ---------------------------------------------------------------------

const families = Array.from({ length: 15 }, (_, n) => `f${n}`);
const shapes = ['{id}', '{id}:calls', '{id}:files:{file}', 'all'] as const;
const patterns = families.flatMap((family) => shapes.map((shape) => `${family}:${shape}`));
const nameOf = (pattern: string, id: string): string => pattern.replaceAll(/\{\w+\}/g, id);

const CONTRACT = `
interface App {
  channels: {
    ${patterns.map((pattern, n) => `'${pattern}': { events: { made${n}: { id: string; n: ${n} }; gone: { id: string } }; volatile: { moved: { x: number } }; presence: { name: string } };`).join('\n')}
  };
  requests: { ${patterns.map((_, n) => `'do.${n}': { params: { n: ${n} }; result: { ok: boolean; n: ${n} } };`).join('\n')} };
  user: { id: string };
}
declare const id: string;
`;
const HEAD = `import { createClient } from 'holdfast';${CONTRACT}\nconst client = createClient<App>('/realtime');\n`;

/** A literal name and a template of each pattern. */
const handles = patterns.flatMap((pattern, n) => [
  `const a${n} = client.channel('${nameOf(pattern, 'x')}');`,
  `const b${n} = client.channel(\`${nameOf(pattern, '${id}')}\`);`,
]);
const programs = {
  'names: 120 handles': HEAD + handles.join('\n'),
  'client: and 300 publications, 300 subscriptions, 60 unions, 60 requests': [
    HEAD,
    ...handles,
    ...patterns.flatMap((_, n) => [
      ...[`a${n}.publish('made${n}', { id, n: ${n} });`, `b${n}.publish('made${n}', { id, n: ${n} }, { ttl: 1 });`],
      ...[`a${n}.publish('gone', { id });`, `b${n}.publish('gone', { id });`, `a${n}.publishVolatile('moved', { x: 1 });`],
      ...[`a${n}.subscribe('made${n}', ({ n }) => n);`, `b${n}.subscribe('made${n}', (data, { own }) => own && data.id);`],
      ...[`a${n}.subscribe('gone', ({ id }) => id);`, `b${n}.subscribe('gone', ({ id }) => id);`],
      ...[`a${n}.subscribe('moved', ({ x }) => x, { frame: true });`],
      `a${n}.subscribeAll((message) => message.event === 'gone' && message.data.id);`,
      `void client.request('do.${n}', { n: ${n} }).then(({ ok }) => ok);`,
    ]),
  ].join('\n'),
  'hooks: 120 of them': [
    `import { createHooks } from 'holdfast/react';${CONTRACT}\nconst { useMessages, useSubscription } = createHooks<App>();\n`,
    ...patterns.flatMap((pattern, n) => [
      `useMessages('${nameOf(pattern, 'x')}', { events: ['gone'] }).messages[0]?.data.id;`,
      `useSubscription(\`${nameOf(pattern, '${id}')}\`, 'made${n}', ({ n }) => n);`,
    ]),
  ].join('\n'),
  'server: 60 rules, 60 handlers, 60 publications': [
    `import { createServer } from 'holdfast/server';${CONTRACT}`,
    `const server = createServer<App>({ authenticate: () => ({ user: { id } }), channels: {`,
    ...patterns.map(
      (pattern, n) => `'${pattern}': { subscribe: true, publish: { made${n}: (data) => data.n === ${n}, gone: true } },`,
    ),
    `}, requests: {`,
    ...patterns.map((_, n) => `'do.${n}': ({ n }, { user }) => ({ ok: user !== null, n }),`),
    `} });`,
    ...patterns.map((pattern) => `void server.publish('${nameOf(pattern, 'x')}', 'gone', { id });`),
  ].join('\n'),
};

const host = ts.createCompilerHost(options);
const sources = new Map<string, ts.SourceFile | undefined>();
const { getSourceFile } = host;
const file = join(root, 'large-app.ts');
let text = '';
host.getSourceFile = (path, language) => {
  if (path === file) return ts.createSourceFile(path, text, language);
  // The libraries are read once.
  if (!sources.has(path)) sources.set(path, getSourceFile(path, language));
  return sources.get(path);
};
const { fileExists } = host;
host.fileExists = (path) => path === file || fileExists(path);

/** Only the app's own file is checked: of the library what the app asks for. */
function instantiationsOf(app: string): number {
  text = `${app}\nexport {};`;
  const program = ts.createProgram([file], options, host);
  const told = program.getSemanticDiagnostics(program.getSourceFile(file)).map(({ messageText }) => messageText);
  expect(told).toEqual([]);
  return (program as ts.Program & { getInstantiationCount(): number }).getInstantiationCount();
}

it.each([
  ['names: 120 handles', 49_501],
  ['client: and 300 publications, 300 subscriptions, 60 unions, 60 requests', 88_072],
  ['hooks: 120 of them', 61_032],
  ['server: 60 rules, 60 handlers, 60 publications', 36_535],
] as const)(
  'an app of 60 patterns costs about as much as when it was measured: %s',
  (name, measured) => {
    const count = instantiationsOf(programs[name]);
    expect(count).toBeLessThan(measured * 1.5);
    // Less is welcome, but not that nothing was looked at: payloads of `any` cost hardly anything.
    expect(count).toBeGreaterThan(measured / 4);
  },
  SLOW,
);
