/** What it costs in Chromium to put publications on the disk: many in one go, and one by itself. */
import { openPage } from './support/chromium.mjs';
import { compare, interleave, main, quantile } from './support/measure.mjs';

const PLAN = { rounds: 15, warmUp: 3 };
const BURSTS = [
  { size: 50, bursts: 20, target: 6 },
  { size: 1000, bursts: 2, target: 6 },
];
const ALONE = 200;
const SIDES = ['raw', 'holdfast'];

async function measure() {
  const { page, close } = await openPage('./store-page.mjs');
  try {
    const rows = [];
    for (const { size, bursts, target } of BURSTS) {
      const rateOf = (side) => () => page.evaluate((args) => globalThis.bench.burst(...args), [side, size, bursts]);
      const pairs = await interleave(PLAN, SIDES.map(rateOf));
      const name = `bursts of ${size.toLocaleString('en-US')}, stored`;
      rows.push(compare(name, { figure: 'rate', unit: '/s', better: 'higher', target }, pairs));
    }
    const figuresOf = (side) => async () => {
      const times = await page.evaluate((args) => globalThis.bench.alone(...args), [side, ALONE]);
      return { p50: quantile(times, 0.5) * 1000, p95: quantile(times, 0.95) * 1000 };
    };
    const pairs = await interleave(PLAN, SIDES.map(figuresOf));
    rows.push(compare('one alone, p50', { figure: 'p50', unit: 'µs', better: 'lower', target: 1.5 }, pairs));
    rows.push(compare('one alone, p95', { figure: 'p95', unit: 'µs', better: 'lower' }, pairs));
    return rows;
  } finally {
    await close();
  }
}

await main(`Storing in Chromium (${PLAN.rounds} rounds)`, measure, 'idb-keyval');
