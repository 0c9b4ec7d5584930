import { type Watch, check, look, provesLife, watchFrom } from '../../src/connection/watchdog.ts';
import { table } from './table.ts';

const NOW = 1_000_000;
const PING = 25_000;

const seconds = (ms: number): string => `${ms / 1000} s`;

export function watchTable(): string {
  const watching = watchFrom(NOW, PING);
  const asked = look(watching, watching.due, NOW, PING).watch;
  const hinted = check(NOW);
  const again = look(hinted, hinted.due + 60_000, NOW, PING).watch;
  const states: readonly (readonly [string, Watch, since: number])[] = [
    ['watching', watching, NOW],
    ['checking, after silence', asked, NOW],
    ['checking, after a hint', hinted, NOW],
    ['checking for the last time', again, hinted.due + 60_000],
  ];
  const rows = states.map(([name, watch, since]) => [
    name,
    `${seconds(watch.due - since)} after ${watch.state === 'watching' || name.includes('silence') ? 'the last frame' : 'the question'}`,
    act(watch, 0),
    act(watch, 60_000),
    watch.state === 'watching' ? 'begins anew' : proofs(watch),
  ]);
  return table(['state', 'due', 'nothing came', 'nothing came, and the timer is a minute late', 'a frame'], rows);
}

function act(watch: Watch, late: number): string {
  const { action, watch: next } = look(watch, watch.due + late, NOW, PING);
  if (action === 'give-up') return 'gives it up';
  return `asks; a verdict after ${seconds(next.due - watch.due - late)}`;
}

function proofs(watch: Exclude<Watch, { state: 'watching' }>): string {
  const early = provesLife(watch, watch.since + 1, false);
  let from = 0;
  while (!provesLife(watch, watch.since + from, false)) from += 1;
  const answer = provesLife(watch, watch.since, true) ? 'the answer at any time' : '';
  return early ? 'watching' : `watching: ${answer}, any other from ${from} ms after the question on`;
}
