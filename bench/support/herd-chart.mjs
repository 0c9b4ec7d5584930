/** One figure for all: a row for each rule, a column for each scenario, arrivals within a second as a share of the herd. */
import { BIN } from './herd.mjs';

const PLOT = { width: 118, height: 34 };
const ROW = 50;
const NAMES = 168;
const COLUMN = PLOT.width + 92;
const TOP = 74;
const BINS_IN_SECOND = 1000 / BIN;

const STYLE = `
text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #1f2328; }
.head { font-weight: 600; font-size: 13px; }
.peak { font-weight: 600; font-size: 13px; }
.small { font-size: 11px; fill: #59636e; }
.own { font-weight: 700; }
.page { fill: #ffffff; }
.frame { stroke: #8c959f; stroke-width: 1; fill: none; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.away { fill: #eaeef2; }
.peer { fill: #c4662b; }
.holdfast { fill: #2166d1; }
.vain { fill-opacity: 0.4; }
.band { fill: #2166d1; fill-opacity: 0.07; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #9198a1; }
  .page { fill: #0d1117; }
  .frame { stroke: #656c76; }
  .grid { stroke: #2f353d; }
  .away { fill: #212830; }
  .peer { fill: #e08a4f; }
  .holdfast { fill: #5b9bf5; }
  .band { fill: #5b9bf5; fill-opacity: 0.12; }
}`;

/**
 * @param {readonly { scenario: import('./herd.mjs').Scenario & { until: number, ticks: readonly number[], lines: readonly string[] },
 *   results: readonly import('./herd.mjs').Result[] }[]} columns
 * @returns {string} an SVG document
 */
export function chart(columns) {
  const [first] = columns;
  const order = [...first.results]
    .sort(
      (a, b) =>
        Number(b.rule.name === 'Holdfast') - Number(a.rule.name === 'Holdfast') ||
        a.worst - b.worst ||
        a.reached.most - b.reached.most,
    )
    .map(({ rule }) => rule);
  const clients = first.results[0].clients.toLocaleString('en-US');
  const width = NAMES + columns.length * COLUMN;
  const height = TOP + order.length * ROW + 44;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">Arrivals within one second, as a share of ${clients} clients that were dropped at once, by reconnect rule and scenario</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    text(12, 22, `${clients} clients,`, 'head'),
    text(12, 38, 'all dropped at 0 s', 'head'),
    text(12, 56, 'arrivals within a second', 'small'),
    `<rect class="band" x="0" y="${TOP - 6}" width="${width}" height="${ROW}"/>`,
  ];
  columns.forEach(({ scenario, results }, column) => {
    const left = NAMES + column * COLUMN;
    scenario.lines.forEach((line, row) => parts.push(text(left, 22 + 16 * row, line, row === 0 ? 'head' : 'small')));
    order.forEach((rule, row) => {
      const result = results.find((each) => each.rule === rule);
      parts.push(cell(result, scenario, left, TOP + row * ROW));
    });
    const bottom = TOP + order.length * ROW;
    for (const tick of scenario.ticks) {
      const x = left + (tick / scenario.until) * PLOT.width;
      parts.push(`<path class="frame" d="M${round(x)} ${bottom - 10}v4"/>`, text(x, bottom + 8, `${tick} s`, 'small', 'middle'));
    }
  });
  order.forEach((rule, row) => {
    parts.push(text(12, TOP + row * ROW + 22, rule.name, rule.name === 'Holdfast' ? 'own' : ''));
  });
  const legend =
    'Height of a row: 100 % of the clients; more, by several attempts of each, is cut. ' +
    'Bold: the worst second in which the server is there. Pale: while it is away.';
  parts.push(text(12, height - 10, legend, 'small'), '</svg>');
  return `${parts.join('\n')}\n`;
}

function cell(result, scenario, left, top) {
  const { width, height } = PLOT;
  const bottom = top + height;
  const away = (scenario.away / 1000 / scenario.until) * width;
  const kind = result.rule.name === 'Holdfast' ? 'holdfast' : 'peer';
  const x = left + width + 10;
  const { most } = result.reached;
  const gone = result.counts.gaveUp / result.clients;
  const note = gone > 0 ? `${share(gone)} give up` : `99 % in ${most < 9.95 ? most.toFixed(1) : Math.round(most)} s`;
  return [
    away > 0 ? `<rect class="away" x="${left}" y="${top}" width="${round(away)}" height="${height}"/>` : '',
    `<path class="grid" d="M${left} ${top + 0.5}h${width}M${left} ${top + height / 2 + 0.5}h${width}"/>`,
    away > 0 ? `<path class="${kind} vain" d="${area(result, scenario, 0, away, left, bottom)}"/>` : '',
    `<path class="${kind}" d="${area(result, scenario, away, width, left, bottom)}"/>`,
    `<path class="frame" d="M${left} ${bottom + 0.5}h${width}"/>`,
    text(x, top + 14, share(result.worst / result.clients), 'peak'),
    text(x, top + 30, note, 'small'),
  ].join('');
}

/** Arrivals within the second before each point in time, from pixel `begin` to pixel `end`; the highest within a pixel. */
function area({ arrivals, clients }, { until, away }, begin, end, left, bottom) {
  const first = begin === 0 ? 0 : away / BIN;
  const perPixel = (until * 1000) / BIN / PLOT.width;
  let path = `M${round(left + begin)} ${bottom}`;
  let last = 0;
  let sum = 0;
  let bin = first;
  for (let pixel = begin; pixel < end; pixel += 0.5) {
    let most = 0;
    for (; bin < (pixel + 0.5) * perPixel; bin += 1) {
      sum += arrivals[bin];
      if (bin - BINS_IN_SECOND >= first) sum -= arrivals[bin - BINS_IN_SECOND];
      most = Math.max(most, sum);
    }
    // Where nobody comes there is nothing to see; where hardly anybody comes there is.
    const value = most === 0 ? 0 : Math.max(0.5, round(Math.min(1, most / clients) * PLOT.height));
    if (value !== last) path += `H${round(left + pixel)}V${round(bottom - value)}`;
    last = value;
  }
  return `${path}H${round(left + end)}V${bottom}Z`;
}

function share(value) {
  const number = 100 * value;
  return `${number < 9.95 ? number.toFixed(1) : Math.round(number)} %`;
}

function text(x, y, words, kind = '', anchor = 'start') {
  const classes = kind === '' ? '' : ` class="${kind}"`;
  const place = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${classes}${place}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}
