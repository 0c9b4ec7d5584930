import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../examples/dashboard/src/reading.ts';
import { SPAN, type Trails, grow, pathOf } from '../../../examples/dashboard/src/trail.ts';

const NONE: Trails = new Map();
const hot = (temperature: number): Reading => ({ machine: 'Saw 1', load: 50, temperature });
const told = (reading: Reading): ReadonlyMap<string, Reading> => new Map([['Saw 1', reading]]);

describe('the trail of a machine', () => {
  it('gets a point with each look, and loses those that are too old', () => {
    const first = grow(NONE, told(hot(50)), 1000);
    const second = grow(first, told(hot(60)), 1250);
    expect(second.get('Saw 1')).toEqual([
      { at: 1000, reading: hot(50) },
      { at: 1250, reading: hot(60) },
    ]);
    expect(first.get('Saw 1')).toHaveLength(1);
    expect(grow(second, told(hot(70)), 1001 + SPAN).get('Saw 1')).toHaveLength(2);
  });

  it('gets no point from a machine that told nothing', () => {
    const reading = hot(50);
    const first = grow(NONE, told(reading), 1000);
    expect(grow(first, told(reading), 5000)).toEqual(first);
  });

  it.each([
    ['nothing', [], ''],
    ['one point, at the right edge', [500], 'M150.0 15.0'],
    ['a line', [0, 250, 500], 'M145.0 15.0L147.5 15.0L150.0 15.0'],
    ['a gap where nothing came for more than a second', [0, 1001, 1250], 'M137.5 15.0M147.5 15.0L150.0 15.0'],
  ])('is drawn as %s', (_what, times, path) => {
    expect(pathOf(times.map((at) => ({ at, reading: hot(50) })))).toBe(path);
  });

  it.each([
    ['the same range for small changes', [50, 65], [22.5, 7.5]],
    ['all of it for large ones', [20, 80], [30, 0]],
  ])('uses %s', (_what, temperatures, heights) => {
    const trail = temperatures.map((temperature, index) => ({ at: index * 250, reading: hot(temperature) }));
    expect([...pathOf(trail).matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y))).toEqual(heights);
  });
});
