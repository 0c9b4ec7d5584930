import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';

const built = (file) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

/** In an app of your own there is no alias: `holdfast` comes from node_modules. */
export default {
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [vue()],
  resolve: {
    alias: [
      { find: /^holdfast\/vue$/, replacement: built('vue.js') },
      { find: /^holdfast$/, replacement: built('index.js') },
    ],
  },
  build: { modulePreload: { polyfill: false }, emptyOutDir: true, rolldownOptions: { checks: { pluginTimings: false } } },
  logLevel: 'warn',
};
