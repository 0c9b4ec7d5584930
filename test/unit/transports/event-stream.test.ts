// Holds I15 (docs/guarantees.md).
/** What the WHATWG event stream format allows (HTML, section 9.2.6), as the transport reads it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../../src/protocol/frame.ts';
import { sse } from '../../../src/transports/sse.ts';
import { WELCOME } from '../../support/scripted-transport.ts';
import { createScene } from './scene.ts';

const tell = (id: string, d: string): ServerFrame => ({ t: 'tell', c: 'room', id, e: 'e', d });
const text = (d: string): string => JSON.stringify(tell('i', d));

/** The welcome, and then what follows, cut where `cuts` say. */
async function received(stream: string, cuts: readonly number[] = []): Promise<readonly unknown[]> {
  const scene = await createScene(sse());
  const request = scene.latest('sse');
  const bytes = new TextEncoder().encode(stream);
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  request.respond();
  [0, ...at].forEach((from, index) => request.chunk(bytes.slice(from, at[index] ?? bytes.length)));
  await scene.clock.settle();
  await scene.clock.settle();
  scene.link.close();
  return [...scene.batches, ...scene.ends.map(({ code }) => code)];
}

const welcome = `data: ${JSON.stringify(WELCOME)}\n\n`;

describe('an event stream', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['lines ended by LF', `data: ${text('a')}\n\n`, ['a']],
    ['lines ended by CRLF', `data: ${text('a')}\r\n\r\n`, ['a']],
    ['lines ended by CR', `data: ${text('a')}\r\r:\r`, ['a']],
    ['all of these', `data: ${text('a')}\r\n\ndata: ${text('b')}\r\r\ndata: ${text('c')}\n\r\n`, ['a', 'b', 'c']],
    ['comments', `: hello\n:\ndata: ${text('a')}\n:x\n\n`, ['a']],
    ['no space after the colon', `data:${text('a')}\n\n`, ['a']],
    ['several data lines', `data: {"t":"tell","c":"room",\ndata: "id":"i","e":"e",\ndata:"d":"a"}\n\n`, ['a']],
    ['unknown fields', `foo: bar\nfoo\nid: 7\nretry: 5\nretry: x\ndata: ${text('a')}\nevent: message\n\n`, ['a']],
    ['events without data', `event: x\n\nid: 1\n\n\n\ndata: ${text('a')}\n\n`, ['a']],
    ['characters beyond ASCII', `data: ${text('☃ 𝄞 é')}\n\n`, ['☃ 𝄞 é']],
    ['a byte order mark', `\uFEFFdata: ${text('a')}\n\n`, ['a']],
    ['NUL in an id', `id: a\0b\ndata: ${text('a')}\n\n`, ['a']],
    ['an event that is not finished', `data: ${text('a')}\n\ndata: ${text('b')}\n`, ['a']],
  ])('may have %s', async (_, stream, texts) => {
    const whole = stream.startsWith('\uFEFF') ? `\uFEFF${welcome}${stream.slice(1)}` : welcome + stream;
    const expected = [[WELCOME], ...texts.map((d) => [tell('i', d)])];
    expect(await received(whole)).toEqual(expected);
    const length = new TextEncoder().encode(whole).length;
    expect(
      await received(
        whole,
        Array.from({ length }, (_, index) => index + 1),
      ),
    ).toEqual(expected);
  });

  it('is the same in whatever pieces it comes', async () => {
    const ending = fc.constantFrom('\n', '\r\n', '\r');
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }).map((d) => `data: ${text(d)}`),
      fc.constantFrom(':', ': beat', 'retry: 10', 'id: 1', 'event: e', 'noise', ': ☃'),
    );
    const event = fc.tuple(fc.option(line, { nil: ': x' }), fc.string({ unit: 'grapheme', maxLength: 8 }), ending);
    const cuts = fc.array(fc.nat(4000), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 6 }), cuts, async (events, pieces) => {
        const lines = events.map(([before, d, end]) => {
          const first = before.startsWith('data') ? ': none' : before;
          return `${first}${end}data: ${text(d)}${end}${end}`;
        });
        // A CR may be the first half of a CRLF, so what it ends is told when more has come.
        const stream = `${welcome}${lines.join('')}: end\n`;
        const expected = [[WELCOME], ...events.map(([, d]) => [tell('i', d)])];
        expect(await received(stream, pieces)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('of garbage gives frames or an end, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, asData) => {
        const scene = await createScene(sse());
        const request = scene.latest('sse');
        request.respond();
        request.chunk(welcome + (asData ? 'data: ' : ''));
        request.chunk(bytes);
        request.chunk('\n\n');
        await scene.clock.settle();
        await scene.clock.settle();
        expect(scene.batches[0]).toEqual([WELCOME]);
        expect(scene.ends.every(({ code }) => code === 1007)).toBe(true);
        if (asData) expect(scene.ends.length + scene.batches.length).toBeGreaterThan(1);
        scene.link.close();
      }),
      { numRuns: 150 },
    );
  });

  it('may say a lot, but an event that never ends is not kept for ever', async () => {
    const scene = await createScene(sse());
    const request = scene.latest('sse');
    const much = new Uint8Array(2 ** 23).fill(120);
    request.respond();
    request.chunk(welcome);
    for (let event = 0; event < 5; event += 1) {
      request.chunk(`data: ${text('').slice(0, -2)}`);
      request.chunk(much);
      request.chunk('"}\n\n');
      await scene.clock.settle();
    }
    expect([scene.batches.length, scene.ends]).toEqual([6, []]);
    for (let piece = 0; piece < 5; piece += 1) request.chunk(much);
    await scene.clock.settle();
    await scene.clock.settle();
    expect(scene.ends.map(({ code, by }) => [code, by])).toEqual([[1007, 'client']]);
  });
});
