import { expect, it } from 'vitest';
import { Logs } from '../../simulation/oracle-logs.ts';
import { Readers } from '../../simulation/oracle-readers.ts';

const at = (offset: number) => ({ epoch: 'e', offset, tag: `t${offset}` });
const LAGS = [expect.stringMatching(/^I7 page 0 stands at e:3 of a, the top is e:9/)];

it.each<readonly [what: string, steps: readonly ('based' | 'joined' | 'left')[], failed: readonly unknown[]]>([
  ['it listened when it was told where it begins', ['joined', 'based'], LAGS],
  ['it listens anew, and was told since', ['joined', 'left', 'joined', 'based'], LAGS],
  ['it listened to nothing then, and nothing came since', ['joined', 'left', 'based', 'joined'], []],
])('a page below the top, where %s', (_, steps, failed) => {
  const told: string[] = [];
  const fail = (invariant: string, sentence: string): void => void told.push(`${invariant} ${sentence}`);
  const readers = new Readers(() => 0, fail, new Logs(() => 0, fail));
  for (const step of steps) {
    if (step === 'based') readers.based(0, 'a', at(3));
    else readers[step](0, 'a');
  }
  readers.caughtUp(0, 'a', at(9), true);
  expect(told).toEqual(failed);
});
