import { expect, it } from 'vitest';
import { Downstream } from '../../simulation/downstream.ts';
import { Pipe } from '../../simulation/pipe.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

it('what something between keeps back has not left the server, which writes no more for that', async () => {
  const clock = createVirtualClock();
  const random = (): number => 0.5;
  const told: string[] = [];
  const pipe = new Pipe({
    ...{ clock, random },
    weather: () => ({ latency: [10, 10], rate: Infinity, holds: 100 }),
    onDrain: () => told.push('drain'),
  });
  const response = new Downstream({
    ...{ clock, random, pipe, splits: 0.9, gathers: 0, holdsHead: false },
    onHead: () => {},
    onChunk: ({ length }) => told.push(`${length} bytes`),
    onEnd: () => {},
  });
  response.body(new Uint8Array(1000), () => {});
  expect(pipe.waiting).toBe(900);
  await clock.advance(50);
  expect([pipe.waiting, told]).toEqual([900, []]);
  await clock.advance(10);
  expect([pipe.waiting, told]).toEqual([0, ['1000 bytes', 'drain']]);
});
