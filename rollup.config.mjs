import { relative } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { dts } from 'rollup-plugin-dts';
import esbuild, { minify } from 'rollup-plugin-esbuild';

const library = {
  index: 'src/index.ts',
  server: 'server/index.ts',
  'server/core': 'server/core.ts',
  msgpack: 'src/protocol/msgpack.ts',
  contract: 'src/contract/index.ts',
  react: 'adapters/react/index.ts',
  vue: 'adapters/vue/index.ts',
};
const program = { cli: 'server/node/cli.ts' };
const names = Object.fromEntries(Object.entries({ ...library, ...program }).map(([name, file]) => [file, name]));

/** Everything that is not a file of ours: what `dependencies` names, and Node's own modules. */
const external = (id) => !/^[./]/.test(id);
const target = 'es2022';

/**
 * One file for each source file. A bundler drops an unused file whole (`sideEffects: false`), but inside one big file it
 * keeps every table whose construction it cannot prove harmless.
 */
function modules(extension, format) {
  return {
    dir: 'dist',
    format,
    preserveModules: true,
    entryFileNames({ facadeModuleId }) {
      const file = relative('.', facadeModuleId).replaceAll('\\', '/');
      return `${names[file] ?? file.replace(/\.ts$/, '')}.${extension}`;
    },
  };
}

function javascript(input, extension, format) {
  return { input, external, onLog, plugins: [esbuild({ target })], output: { ...modules(extension, format), sourcemap: true } };
}

/** The client with its dependencies, for pages and workers without a bundler. */
function oneFile(output) {
  return {
    input: library.index,
    onLog,
    plugins: [nodeResolve({ browser: true }), commonjs(), esbuild({ target }), minify({ target })],
    output: { ...output, sourcemap: true },
  };
}

function declarations(extension) {
  return {
    input: library,
    external,
    onLog,
    plugins: [dts({ tsconfig: 'tsconfig.json' }), disposable()],
    output: modules(extension, 'es'),
  };
}

/** A warning is an error, or nobody reads it. */
function onLog(level, log, handle) {
  // Frames are shared between the entries and deliberately not public.
  if (log.message.includes('private shared type exports')) return;
  // A module of types alone that was imported without `import type`: the linter and the architecture test name the line.
  if (log.code === 'EMPTY_BUNDLE') return;
  handle(level === 'warn' ? 'error' : level, log);
}

/** A consumer without `esnext.disposable` in its `lib` would not know `Disposable`. */
function disposable() {
  const reference = '/// <reference lib="esnext.disposable" />\n';
  return {
    name: 'disposable',
    renderChunk: (code) => (/\bDisposable\b|\bSymbol\.dispose\b/.test(code) ? { code: reference + code, map: null } : null),
  };
}

export default [
  javascript({ ...library, ...program }, 'js', 'es'),
  javascript(library, 'cjs', 'cjs'),
  oneFile({ file: 'dist/holdfast.global.js', format: 'iife', name: 'Holdfast', exports: 'named' }),
  oneFile({ file: 'dist/holdfast.module.js', format: 'es' }),
  declarations('d.ts'),
  declarations('d.cts'),
];
