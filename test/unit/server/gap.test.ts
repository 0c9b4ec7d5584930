import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerFrame, WireCursor } from '../../../src/protocol/frame.ts';
import { createRandom } from '../../support/random.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { type Adversary, adversarialBroker } from './adversary.ts';
import { createServerCore } from '../../../server/server.ts';
import { json } from '../../../src/protocol/json.ts';
import { decodeAll } from './support.ts';

/** A reader that believes nothing: every entry must follow the one before, or the place that it was told to begin at. */
function createReader() {
  let at: WireCursor | null = null;
  const seen: number[] = [];
  let gaps = 0;
  const onFrame = (frame: ServerFrame): void => {
    if (frame.t === 'unsubbed') throw new Error(`unsubbed: ${frame.code}`);
    if (frame.t === 'gap') {
      gaps += 1;
      at = frame.cur;
    }
    if (frame.t === 'subbed') {
      const [first] = frame.items ?? [];
      at = frame.ok === null && first !== undefined ? [frame.cur[0], first.o - 1, '?'] : frame.cur;
    }
    if (frame.t !== 'msg' && frame.t !== 'subbed') return;
    if (at === null) throw new Error('an entry before its subbed');
    for (const { o, g } of frame.items ?? []) {
      if (o !== at[1] + 1) throw new Error(`${o} after ${at[1]}`);
      at = [at[0], o, g];
      seen.push(o);
    }
  };
  return { onFrame, seen, get at() { return at; }, get gaps() { return gaps; } }; // prettier-ignore
}

const adversary: fc.Arbitrary<Adversary> = fc.record({
  follow: fc.integer({ min: 0, max: 60 }),
  read: fc.integer({ min: 0, max: 60 }),
  answer: fc.integer({ min: 0, max: 60 }),
  notice: fc.integer({ min: 0, max: 80 }),
  lose: fc.constantFrom(0, 0, 0.2),
  reorder: fc.boolean(),
});

describe('I5, I7: no gap, whatever the store does with time', () => {
  it('each reader gets contiguous entries and reaches the top', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        adversary,
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 5, maxLength: 80 }),
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom(1000, 1000, 5),
        async (seed, faults, steps, before, entries) => {
          const clock = createVirtualClock();
          const { now, setTimeout, clearTimeout } = clock;
          const broker = adversarialBroker(clock, seed, faults);
          const server = createServerCore({
            authenticate: () => ({ user: null }),
            channels: { c: { subscribe: true, history: { entries } } },
            broker,
            environment: { now, setTimeout, clearTimeout, random: createRandom(seed) },
          });
          const codec = json();
          const open = (cur: WireCursor | null, k: number) => {
            const reader = createReader();
            const send = (data: string | Uint8Array<ArrayBuffer>): void => decodeAll(codec, data).forEach(reader.onFrame);
            const line = server.accept(
              { send, close: () => queueMicrotask(() => line.onClose()), buffered: 0 },
              { codec, origin: null, ip: '' },
            );
            const sub = { t: 'sub', c: 'c', k, ...(cur === null ? { n: 3 } : { cur }) };
            line.onMessage(JSON.stringify([{ t: 'hello', v: [1, 1], client: `c${k}`, gen: 1 }, sub]));
            return reader;
          };
          const publish = () => server.publish('c', 'message', null);
          const start: WireCursor = [(await finish(clock, server.cursor('c'))).epoch, 0, ''];
          for (let i = 0; i < before; i += 1) await publish();
          const readers = [open(start, 1), open(null, 2)];
          for (const [index, step] of steps.entries()) {
            for (let i = 0; i <= (step % 7 === 0 ? 100 : step % 3); i += 1) await publish();
            if (index === 3) readers.push(open(start, 3), open(readers[0]!.at, 4));
            await clock.advance(step);
          }
          await clock.advance(20_000);
          const { epoch, offset, tag } = await finish(clock, server.cursor('c'));
          for (const reader of readers) expect(reader.at).toEqual([epoch, offset, tag]);
          if (entries === 1000) expect(readers[0]!.seen).toEqual(Array.from({ length: offset }, (_, index) => index + 1));
          if (entries === 1000) for (const reader of readers) expect(reader.gaps).toBe(0);
          const closed = server.close();
          await clock.advance(5000);
          await closed;
        },
      ),
      { numRuns: 80 },
    );
  }, 30_000);
});

/** The store takes its time for this too. */
async function finish<T>(clock: { advance(ms: number): Promise<void> }, promise: Promise<T>): Promise<T> {
  await clock.advance(200);
  return promise;
}
