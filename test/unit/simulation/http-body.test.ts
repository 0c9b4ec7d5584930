import { expect, it } from 'vitest';
import { json } from '../../../src/protocol/json.ts';
import type { Downstream } from '../../simulation/downstream.ts';
import { Body } from '../../simulation/http-body.ts';

const RESPONSE = { head() {}, body() {} } as unknown as Downstream;
const WELCOME = { t: 'welcome', v: 1, mem: 'm', ping: 25_000 };
const bye = (code: number) => ({ t: 'bye', code, why: 'because' });

function faultsOf(frames: readonly object[], letsIn: boolean): readonly string[] {
  const faults: string[] = [];
  const wording = {
    ...{ codec: json(), random: () => 0.5, spoiled: true, letsIn: () => letsIn, onReceive() {}, count() {} },
    middle: () => ({ garbles: 0, repeats: 0, idle: null, tells: true }),
    onFault: (sentence: string) => void faults.push(sentence),
  };
  const body = new Body(wording, RESPONSE);
  body.head(200, {});
  body.answer(JSON.stringify(frames), true);
  return faults;
}

const TAKEN = ['a server took a garbled message'];

it.each([
  ['tells what is wrong', [bye(4400)], true, []],
  ['lets nobody in any more, and so did not read it', [bye(4000)], false, []],
  ['says that it goes, and does not', [bye(4000)], true, TAKEN],
  ['takes it, and goes then', [WELCOME, bye(4000)], false, TAKEN],
  ['takes it while it goes', [WELCOME], false, TAKEN],
  ['answers as if it was nothing', [], false, TAKEN],
])('a garbled message whose server %s', (_, frames, letsIn, faults) => {
  expect(faultsOf(frames, letsIn)).toEqual(faults);
});
