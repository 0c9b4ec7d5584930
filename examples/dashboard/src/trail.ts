import { type ShallowRef, shallowRef, watch } from 'vue';
import type { Reading } from './reading.ts';
import { useLatestBy } from './realtime.ts';

/** ms between two points */
const STEP = 250;
/** ms; a longer silence leaves a gap in the line. */
const SILENCE = 4 * STEP;
/** ms that a line shows */
export const SPAN = 15_000;
/** °C from the lower edge to the upper one, the same for all machines: a steeper line is a faster change. */
const RANGE = 30;
export const [WIDTH, HEIGHT] = [150, 30];

export interface Point {
  /** ms */
  readonly at: number;
  readonly reading: Reading;
}
export type Trails = ReadonlyMap<string, readonly Point[]>;

/** What the machines were like. A subscription of its own, at a pace of its own. */
export function useTrails(): Readonly<ShallowRef<Trails>> {
  const readings = useLatestBy('hall', 'reading', ({ machine }) => machine, { frame: false, sample: STEP, whenHidden: 'latest' });
  const trails = shallowRef<Trails>(new Map());
  watch(readings, (now) => (trails.value = grow(trails.value, now, performance.now())));
  return trails;
}

export function grow(trails: Trails, readings: ReadonlyMap<string, Reading>, at: number): Trails {
  const longer = [...readings].map(([machine, reading]) => {
    const trail = trails.get(machine) ?? [];
    // Another machine told something, this one did not: what it told before is not what it is like now.
    if (trail.at(-1)?.reading === reading) return [machine, trail] as const;
    return [machine, [...trail.filter((point) => at - point.at <= SPAN), { at, reading }]] as const;
  });
  return new Map(longer);
}

/** The `d` of an SVG path. */
export function pathOf(trail: readonly Point[]): string {
  const end = trail.at(-1)?.at ?? 0;
  const [coldest, hottest] = rangeOf(trail);
  const middle = (coldest + hottest) / 2;
  return trail
    .map(({ at, reading }, index) => {
      const before = trail[index - 1]?.at ?? -Infinity;
      const x = WIDTH * (1 - (end - at) / SPAN);
      const y = HEIGHT * (0.5 + (middle - reading.temperature) / Math.max(RANGE, hottest - coldest));
      return `${at - before > SILENCE ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

export function rangeOf(trail: readonly Point[]): readonly [coldest: number, hottest: number] {
  const all = trail.map(({ reading }) => reading.temperature);
  return [Math.min(...all), Math.max(...all)];
}
