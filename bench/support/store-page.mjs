/** Runs in the page: the same rows stored by Holdfast and by idb-keyval. */
import { clear, createStore, set } from 'idb-keyval';
import { indexedDBOutbox } from '../../dist/index.js';
import { payload } from './payload.mjs';

/** As the outbox keeps one publication. */
const rowsOf = (count, first = 0) =>
  Array.from({ length: count }, (_, n) => [['r', 'room', 'producer', first + n], { id: `id-${first + n}`, d: payload(n) }]);
const ALL = [[], ['\uffff']];

async function sides() {
  const environment = {
    indexedDB: globalThis.indexedDB,
    IDBKeyRange: globalThis.IDBKeyRange,
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (id) => clearTimeout(id),
  };
  const outbox = await indexedDBOutbox().open({ environment, user: 'ann', url: 'https://example.com/realtime' });
  const keyval = createStore('keyval', 'keyval');
  return {
    raw: {
      store: (rows) => Promise.all(rows.map(([key, value]) => set(key, value, keyval))),
      clear: () => clear(keyval),
    },
    holdfast: {
      store: (rows) => outbox.write({ remove: [], put: rows, strict: false }),
      clear: () => outbox.write({ remove: [ALL], put: [], strict: false }),
    },
  };
}
const opening = sides();

globalThis.bench = {
  /** Rows a second: each burst begins when the one before is stored. */
  async burst(side, size, bursts) {
    const { store, clear } = (await opening)[side];
    const rows = Array.from({ length: bursts }, (_, n) => rowsOf(size, n * size));
    const began = performance.now();
    for (const burst of rows) await store(burst);
    const took = performance.now() - began;
    await clear();
    return { rate: ((size * bursts) / took) * 1000 };
  },
  /** ms, of each write alone. */
  async alone(side, count) {
    const { store, clear } = (await opening)[side];
    const times = [];
    for (const row of rowsOf(count)) {
      const began = performance.now();
      await store([row]);
      times.push(performance.now() - began);
    }
    await clear();
    return times;
  },
};
