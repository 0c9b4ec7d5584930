/** The results of a herd as tables: for the console, and for bench/README.md. */

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const seconds = (value) => (value === Infinity ? 'never' : `${value.toFixed(1)} s`);
const millions = (value) => `${(value / 1e6).toFixed(2)} M`;
const worst = ({ worst: most, clients }) => most / clients;

/** Who is least of a burden comes first. */
function ranked(results) {
  return [...results].sort((a, b) => worst(a) - worst(b) || a.reached.most - b.reached.most);
}

/**
 * @param {readonly import('./herd.mjs').Result[]} results of one scenario, one for each rule
 * @returns {string} to be read in a terminal
 */
export function consoleTable(results) {
  const own = worst(results.find(({ rule }) => rule.name === 'Holdfast'));
  const lines = [['', 'worst second', '÷ Holdfast', '50 % back', '99 % back', 'attempts', 'give up']];
  for (const result of ranked(results)) {
    const { rule, counts, reached, clients } = result;
    const gaveUp = counts.gaveUp === 0 ? '' : percent(counts.gaveUp / clients);
    const ratio = (worst(result) / own).toFixed(2);
    const attempts = counts.attempts.toLocaleString('en-US');
    lines.push([rule.name, percent(worst(result)), ratio, seconds(reached.half), seconds(reached.most), attempts, gaveUp]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return lines.map((line) => line.map(pad).join('   ').trimEnd()).join('\n');
}

/**
 * @param {readonly (readonly import('./herd.mjs').Result[])[]} sizes results of one scenario, from the smallest herd to the
 *   largest; ranks, times and attempts are those of the largest
 * @returns {string} Markdown
 */
export function markdownTable(sizes) {
  const largest = sizes.at(-1);
  const own = worst(largest.find(({ rule }) => rule.name === 'Holdfast'));
  const heads = sizes.map(([{ clients }]) => `of ${clients.toLocaleString('en-US')}`);
  const rows = ranked(largest).map((result) => {
    const { rule, counts, reached, clients } = result;
    const shares = sizes.map((results) => percent(worst(results.find((other) => other.rule === rule))));
    const gaveUp = counts.gaveUp === 0 ? '' : percent(counts.gaveUp / clients);
    const ratio = `${(worst(result) / own).toFixed(2)}`;
    const name = rule.name === 'Holdfast' ? '**Holdfast**' : rule.name;
    return [name, ...shares, ratio, seconds(reached.half), seconds(reached.most), millions(counts.attempts), gaveUp];
  });
  const head = ['Worst second', ...heads, '÷ Holdfast', '50 % back', '99 % back', 'Attempts', 'Give up'];
  const align = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** @param {readonly import('./herd.mjs').Rule[]} rules */
export function markdownRules(rules) {
  const rows = rules.map(({ name, from, rule, drain }) => [
    name,
    name === 'Holdfast' ? `\`${from}\`` : `\`${from.replace(/ ([^ ]+)$/, '@$1')}\``,
    rule,
    drain?.by ?? '',
  ]);
  const head = ['', 'Read from', 'Wait before attempt n + 1 after n failures', 'Drained'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
