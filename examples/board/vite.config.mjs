import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';

const built = (file) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

/** In an app of your own there is no alias: `holdfast` comes from node_modules. */
export default {
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^holdfast\/react$/, replacement: built('react.js') },
      { find: /^holdfast$/, replacement: built('index.js') },
    ],
  },
  build: { modulePreload: { polyfill: false }, emptyOutDir: true },
  logLevel: 'warn',
};
