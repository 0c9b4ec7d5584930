import { setTimeout as pause } from 'node:timers/promises';
import { pinned, stopAll } from './processes.mjs';

/** The value below which `share` of them lie (nearest rank). */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/**
 * Measures the sides in turn, A B B A …, and starts each round with the other end than the one before: what else the
 * machine does meanwhile then meets all alike.
 *
 * @template {readonly (() => Promise<Record<string, number>>)[]} Sides
 * @param {{ rounds: number, warmUp?: number, settle?: number }} plan `settle`: ms before each measurement, in which a browser
 *   tidies up on the disk what the side before has left there
 * @param {Sides} sides raw, then Holdfast, then any others
 * @returns {Promise<(readonly Record<string, number>[])[]>} one figure of each side a round, in the order of the sides
 */
export async function interleave({ rounds, warmUp = 1, settle = 0 }, sides) {
  const results = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    const figures = [];
    const order = [...sides.keys()];
    if (round % 2 !== 0) order.reverse();
    for (const side of order) {
      await pause(settle);
      figures[side] = await sides[side]();
    }
    if (round >= 0) results.push(figures);
  }
  return results;
}

/**
 * One row of the table. A ratio is taken within each pair; the median of those is the result.
 *
 * @param {string} name
 * @param {{ figure: string, unit: string, better: 'higher' | 'lower', target?: number }} measure `target`: what the ratio
 *   of Holdfast to raw has to reach, or may reach
 */
export function compare(name, { figure, unit, better, target }, pairs) {
  const raw = pairs.map(([side]) => side[figure]);
  const holdfast = pairs.map(([, side]) => side[figure]);
  const ratios = pairs.map((_, index) => holdfast[index] / raw[index]);
  const ratio = spread(ratios);
  const met = target === undefined ? null : better === 'higher' ? ratio.median >= target : ratio.median <= target;
  return { name, unit, better, raw: spread(raw), holdfast: spread(holdfast), ratio, target: target ?? null, met };
}

function spread(values) {
  return { min: Math.min(...values), median: quantile(values, 0.5), max: Math.max(...values) };
}

/**
 * Runs a benchmark, prints its rows (`--json`: as JSON) and ends its processes, whatever happens.
 *
 * @param {string} [peer] what Holdfast is compared with
 */
export async function main(title, measure, peer = 'raw ws') {
  try {
    const rows = await measure();
    if (process.argv.includes('--json')) console.log(JSON.stringify({ title, rows }, null, 2));
    else print(title, rows, peer);
  } finally {
    await stopAll();
  }
}

function print(title, rows, peer) {
  const lines = [['', peer, 'Holdfast', 'ratio (min / median / max)', 'target', '']];
  for (const { name, unit, better, raw, holdfast, ratio, target, met } of rows) {
    const figures = [ratio.min, ratio.median, ratio.max].map((value) => value.toFixed(2)).join(' / ');
    const bound = target === null ? '' : `${better === 'higher' ? '≥' : '≤'} ${target}`;
    const verdict = met === null ? '' : met ? 'met' : 'MISSED';
    lines.push([name, show(raw.median, unit), show(holdfast.median, unit), figures, bound, verdict]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  console.log(`${title}${pinned ? '' : ', processes not pinned to CPUs: see bench/README.md'}\n`);
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('   ')
        .trimEnd(),
    );
}

function show(value, unit) {
  const figure = value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value < 10 ? 2 : 0);
  return `${figure} ${unit}`;
}
