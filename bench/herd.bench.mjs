/**
 * How clients come back after all of them were dropped at once: Holdfast's rule and those of the peers.
 *
 *     node bench/herd.bench.mjs [--clients 100000] [--seed 1] [--json]
 *     node bench/herd.bench.mjs --write     10,000, 100,000 and 1,000,000 clients; the figure and the tables in README.md
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { main } from '../scripts/run.mjs';
import { peers } from './peers/reconnect-rules.mjs';
import { chart } from './support/herd-chart.mjs';
import { consoleTable, markdownRules, markdownTable } from './support/herd-report.mjs';
import { createRoundTrips, stampede } from './support/herd.mjs';
import { holdfastRule } from './support/machine.mjs';
import { createRandom } from './support/random.mjs';

// A million machines are long-lived objects: left to itself the heap grows to twice what they take.
setFlagsFromString('--heap-growing-percent=80');

const OUTAGE = 12_000;
/** `until`, `ticks`, `lines`: for the figure, s. */
const SCENARIOS = [
  {
    key: 'restart',
    title: 'The server is away for 12 s, then takes everybody',
    away: OUTAGE,
    share: null,
    until: 45,
    ticks: [0, 12, 30],
    lines: ['Away for 12 s,', 'then takes everybody'],
  },
  {
    key: 'crowded',
    title: 'The server is away for 12 s, then admits N/30 a second and refuses the others',
    away: OUTAGE,
    share: 1 / 30,
    until: 90,
    ticks: [12, 42, 72],
    lines: ['Away for 12 s,', 'then admits N/30 a second'],
  },
  {
    key: 'drain',
    title: 'Planned drain with a spread of 10 s; another server takes everybody',
    away: 0,
    share: null,
    spread: 10_000,
    until: 33,
    ticks: [0, 10, 30],
    lines: ['Planned drain,', 'spread 10 s, another is there'],
  },
  {
    key: 'blip',
    title: 'All dropped, and the server is there again at once',
    away: 0,
    share: null,
    until: 7,
    ticks: [0, 2, 5],
    lines: ['Blip,', 'the server is there at once'],
  },
];

/** @returns one list of results for each scenario, one result for each rule */
function run(rules, clients, seed) {
  const roundTrip = createRoundTrips(clients, seed);
  return SCENARIOS.map((scenario, number) =>
    rules.map((rule, index) => {
      // A stream of its own: what one rule draws does not change the fate of the others.
      const random = createRandom(seed, 1000 * number + index);
      return stampede(rule, scenario, { clients, roundTrip, random });
    }),
  );
}

function wholeNumber(name, text, least) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} has to be a whole number from ${least} on, not ${text}.`);
}

async function write(rules, seed) {
  const sizes = [10_000, 100_000, 1_000_000].map((clients) => run(rules, clients, seed));
  const figure = chart(SCENARIOS.map((scenario, number) => ({ scenario, results: sizes.at(-1)[number] })));
  writeFileSync(new URL('./herd.svg', import.meta.url), figure);
  const tables = SCENARIOS.map(({ title }, number) => {
    return `#### ${title}\n\n${markdownTable(sizes.map((results) => results[number]))}`;
  });
  const readme = new URL('./README.md', import.meta.url);
  let text = readFileSync(readme, 'utf8');
  for (const [name, content] of [
    ['rules', markdownRules(rules)],
    ['tables', tables.join('\n\n')],
  ]) {
    const [before, after] = [`<!-- herd ${name} -->`, `<!-- /herd ${name} -->`];
    const start = text.indexOf(before);
    const end = text.indexOf(after);
    if (start === -1 || end < start) throw new Error(`README.md lacks ${before} … ${after}.`);
    text = `${text.slice(0, start)}${before}\n\n${content}\n\n${text.slice(end)}`;
  }
  const { format, resolveConfig } = await import('prettier');
  const options = await resolveConfig(fileURLToPath(readme));
  writeFileSync(readme, await format(text, { ...options, filepath: fileURLToPath(readme) }));
  console.log('Wrote bench/herd.svg and bench/README.md');
}

async function herd() {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const clients = wholeNumber('clients', values.clients, 100);
  const seed = wholeNumber('seed', values.seed, 0);
  const rules = [await holdfastRule(), ...peers];
  const begin = performance.now();
  if (values.write) await write(rules, seed);
  else {
    const all = run(rules, clients, seed);
    if (values.json) {
      console.log(JSON.stringify({ clients, seed, results: all.flat().map(plain) }, null, 2));
      return;
    }
    console.log(`A herd of ${clients.toLocaleString('en-US')} clients, seed ${seed}`);
    all.forEach((results, number) => console.log(`\n${SCENARIOS[number].title}\n${consoleTable(results)}`));
  }
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`\n${((performance.now() - begin) / 1000).toFixed(1)} s, at most ${memory} MB`);
}

function plain({ rule, scenario, counts, reached, worst }) {
  // JSON has no Infinity: null means never.
  return { rule: rule.name, scenario: scenario.key, worstSecond: worst, ...counts, secondsUntil: reached };
}

await main(import.meta, herd);
