import { describe, expect, it } from 'vitest';
import type { Entry, ServerFrame } from '../../../src/protocol/frame.ts';
import { Connections } from '../../simulation/oracle-connections.ts';

const POLLS = 300;
const entry = (o: number, g: string): Entry => ({ o, g, id: g, e: 'said', ts: 0 });
const subbed = (items: readonly Entry[]): ServerFrame => ({ t: 'subbed', c: 'a', k: 1, cur: ['e', 0, ''], ok: true, items });

/** A page that polls, each poll answered at once. @returns the invariants that are said to be broken */
function poll(answerOf: (index: number) => ServerFrame, every: number): readonly string[] {
  let now = 0;
  const failed: string[] = [];
  const connections = new Connections(
    () => now,
    (invariant) => void failed.push(invariant),
  );
  for (let index = 0; index < POLLS; index += 1) {
    now += every;
    connections.requested(1);
    connections.cameDown(1, 1, [answerOf(index)]);
  }
  return failed;
}

describe('what is held against a page that polls without a pause', () => {
  it.each<{ readonly answer: string; readonly of: (index: number) => ServerFrame; readonly failed: readonly string[] }>([
    { answer: 'a message', of: (index) => ({ t: 'msg', c: 'a', items: [entry(index, `g${index}`)] }), failed: [] },
    { answer: 'the next part of the log', of: (index) => subbed([entry(index, `g${index}`)]), failed: [] },
    { answer: 'the same part of the log again', of: () => subbed([entry(1, 'g1')]), failed: ['I13'] },
    { answer: 'no entries', of: () => subbed([]), failed: ['I13'] },
    { answer: 'a ping', of: () => ({ t: 'ping' }), failed: ['I13'] },
  ])('and is answered by $answer', ({ of, failed }) => {
    expect(poll(of, 50)).toEqual(failed);
  });

  it('nothing, if it does so once a second', () => {
    expect(poll(() => subbed([]), 1000)).toEqual([]);
  });
});
