import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The published names, so that tests and examples read as a user's code does. */
const alias = [
  { find: /^holdfast$/, replacement: at('src/index.ts') },
  { find: /^holdfast\/server$/, replacement: at('server/index.ts') },
  { find: /^holdfast\/server\/core$/, replacement: at('server/core.ts') },
  { find: /^holdfast\/contract$/, replacement: at('src/contract/index.ts') },
  { find: /^holdfast\/react$/, replacement: at('adapters/react/index.ts') },
  { find: /^holdfast\/vue$/, replacement: at('adapters/vue/index.ts') },
  { find: /^holdfast\/msgpack$/, replacement: at('src/protocol/msgpack.ts') },
];

/** The frameworks, and the tools that show their components, as test/oldest/package.json names them. */
const oldest = {
  find: /^(react|react-dom|@testing-library\/react|vue|@vue\/server-renderer|@vue\/test-utils)(?=\/|$)/,
  replacement: at('node_modules/holdfast-oldest/node_modules/$1'),
};

/** Real sockets and browsers: one file at a time, or two cores starve them into time-outs that say nothing. */
const alone = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/{unit,contract,docs}/**/*.test.{ts,tsx}', 'test/architecture.test.ts'],
          // Properties with hundreds of runs take a second, and several times that on a machine that is busy.
          testTimeout: 20_000,
        },
      },
      {
        resolve: { alias: [...alias, oldest] },
        test: { name: 'unit-oldest', include: ['test/{oldest,unit/adapters}/*.test.{ts,tsx}'], testTimeout: 20_000 },
      },
      { test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'] } },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: ['test/package/pack.mjs'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { resolve: { alias }, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...alone } },
      { resolve: { alias }, test: { name: 'middleboxes', include: ['test/middlebox/**/*.test.ts'], ...alone } },
      { resolve: { alias }, test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...alone } },
    ],
  },
});
