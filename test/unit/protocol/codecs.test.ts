import fc from 'fast-check';
import { decode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { CLIENT_FRAMES } from '../../../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../../../src/protocol/codec.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { parseMessage, type Shapes } from '../../../src/protocol/parse.ts';
import { SERVER_FRAMES } from '../../../src/protocol/server-frames.ts';
import { expectSame } from '../../support/expect-same.ts';
import { bytes, clientFrame, clientFrames, jsonData, serverFrame, serverFrames } from '../../support/frames.ts';

type Frame = ClientFrame | ServerFrame;

const codecs: readonly Codec[] = [json(), msgpack()];
const sides: readonly (readonly [side: string, frames: fc.Arbitrary<Frame>, known: Shapes])[] = [
  ['client', clientFrame, CLIENT_FRAMES],
  ['server', serverFrame, SERVER_FRAMES],
];

function parse(codec: Codec, data: Encoded, known: Shapes): readonly Frame[] {
  const parsed = parseMessage<Frame>(codec, data, known);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.frames;
}

describe.each(codecs)('$name', (codec) => {
  it.each(sides)('decodes what it encoded, and the %s table accepts it', (_side, frames, known) => {
    fc.assert(
      fc.property(frames, (frame) => {
        const data = codec.encode(frame);
        expectSame(codec.decode(data), frame);
        expectSame(parse(codec, data, known), [frame]);
      }),
    );
  });

  it.each(sides)('joins encoded %s frames into one batch', (_side, frames, known) => {
    fc.assert(
      fc.property(fc.array(frames, { minLength: 1, maxLength: 40 }), (batch) => {
        const data = codec.join(batch.map((frame) => codec.encode(frame)));
        expectSame(parse(codec, data, known), batch);
      }),
      { numRuns: 30 },
    );
  });

  it.each([15, 16, 255, 256, 300])('joins %i frames', (size) => {
    const data = codec.join(Array.from({ length: size }, (_, x) => codec.encode({ t: 'ping', x })));
    expect(parse(codec, data, CLIENT_FRAMES).map((frame) => (frame as { x?: number }).x)).toStrictEqual([...Array(size).keys()]);
  });

  it('leaves one frame as it is', () => {
    const piece = codec.encode({ t: 'ping' });
    expect(codec.join([piece])).toBe(piece);
  });

  it('leaves undefined fields out', () => {
    const frame = { t: 'tell', c: 'a', id: 'i', e: 'e', d: undefined } as const;
    expect(parse(codec, codec.encode(frame), CLIENT_FRAMES)).toStrictEqual([{ t: 'tell', c: 'a', id: 'i', e: 'e' }]);
  });

  it('does not change what it encodes', () => {
    const frame: Frame = { t: 'pub', c: 'a', p: 'p', s: 1, items: [{ id: 'i', e: 'e', d: new Uint8Array([1, 2]) }] };
    codec.encode(frame);
    expect(frame.items).toStrictEqual([{ id: 'i', e: 'e', d: new Uint8Array([1, 2]) }]);
  });

  it('keeps a byte order mark at the start of text', () => {
    const d = `\uFEFF${'a'.repeat(1000)}`;
    expect(parse(codec, codec.encode({ t: 'tell', c: 'a', id: 'i', e: 'e', d }), CLIENT_FRAMES)).toMatchObject([{ d }]);
  });

  it('encodes while another frame is being encoded', () => {
    const inner = (): number => codec.encode({ t: 'recheck' }).length;
    const d = Object.defineProperty({ before: 1 }, 'inner', { get: inner, enumerable: true });
    const [frame] = parse(codec, codec.encode({ t: 'tell', c: 'a', id: 'i', e: 'e', d }), CLIENT_FRAMES);
    expect(frame).toStrictEqual({ t: 'tell', c: 'a', id: 'i', e: 'e', d: { before: 1, inner: inner() } });
  });
});

describe('the two codecs', () => {
  it.each(sides)('make the same of %s frames', (_side, frames, known) => {
    const [text, binary] = [json(), msgpack()];
    fc.assert(
      fc.property(frames, (frame) => {
        expectSame(parse(binary, binary.encode(frame), known), parse(text, text.encode(frame), known));
      }),
    );
  });
});

describe('json', () => {
  it('carries bytes as base64url under `b`', () => {
    fc.assert(
      fc.property(bytes, (d) => {
        const sent = JSON.parse(json().encode({ t: 'tell', c: 'a', id: 'i', e: 'e', d }) as string) as object;
        expectSame(sent, { t: 'tell', c: 'a', id: 'i', e: 'e', b: Buffer.from(d).toString('base64url') });
      }),
    );
  });

  it('reads a message that came as bytes', () => {
    const data = new TextEncoder().encode('{"t":"ping","x":7}');
    expect(parse(json(), data, CLIENT_FRAMES)).toStrictEqual([{ t: 'ping', x: 7 }]);
  });

  it('leaves a `b` inside of a payload alone', () => {
    const frame: Frame = { t: 'tell', c: 'a', id: 'i', e: 'e', d: { b: 'AAAA', items: [{ b: 'AAAA' }] } };
    expect(parse(json(), json().encode(frame), CLIENT_FRAMES)).toStrictEqual([frame]);
  });
});

describe('msgpack', () => {
  it('is read by others as this reader reads it', () => {
    const codec = msgpack();
    fc.assert(
      fc.property(fc.oneof(clientFrame, serverFrame), (frame) => {
        const data = codec.encode(frame) as Uint8Array;
        const theirs = JSON.stringify(decode(data), (_key, value: unknown) => (value instanceof Uint8Array ? [...value] : value));
        const ours = JSON.stringify(codec.decode(data as Uint8Array<ArrayBuffer>), (_key, value: unknown) =>
          value instanceof Uint8Array ? [...value] : value,
        );
        // Their decoder takes a leading U+FEFF for a byte order mark.
        expect(ours.replaceAll('\uFEFF', '')).toBe(theirs.replaceAll('\uFEFF', ''));
      }),
    );
  });

  it('keeps bytes without the message they came in', () => {
    const d = new Uint8Array([1, 2, 3]);
    const data = Buffer.from(msgpack().encode({ t: 'tell', c: 'a', id: 'i', e: 'e', d }) as Uint8Array);
    const [frame] = parse(msgpack(), data, CLIENT_FRAMES) as unknown as [{ d: Uint8Array }];
    data.fill(0);
    expect(frame.d).toStrictEqual(d);
    expect(frame.d.buffer.byteLength).toBe(3);
  });

  it('holds no more memory than it counts', () => {
    const data = msgpack().encode({ t: 'ping' }) as Uint8Array;
    expect(data.buffer.byteLength).toBe(data.byteLength);
  });

  // Integers may come in any width that other encoders choose (spec.md, "Serialization").
  it.each([
    ['positive fixint', [0x07], 7],
    ['negative fixint', [0xff], -1],
    ['uint 8', [0xcc, 7], 7],
    ['uint 16', [0xcd, 1, 0], 256],
    ['uint 32', [0xce, 0xff, 0xff, 0xff, 0xff], 4_294_967_295],
    ['uint 64', [0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Number.MAX_SAFE_INTEGER],
    ['int 8', [0xd0, 0x80], -128],
    ['int 16', [0xd1, 0xff, 0xfe], -2],
    ['int 32', [0xd2, 0xff, 0xff, 0xff, 0xfe], -2],
    ['int 64', [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2],
    ['float 32', [0xca, 0x3f, 0x80, 0, 0], 1],
    ['float 64', [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['nil', [0xc0], null],
    ['false', [0xc2], false],
    ['true', [0xc3], true],
    ['fixstr', [0xa2, 0x68, 0x69], 'hi'],
    ['str 8', [0xd9, 2, 0xc3, 0xa9], 'é'],
    ['str 16', [0xda, 0, 1, 0x61], 'a'],
    ['str 32', [0xdb, 0, 0, 0, 1, 0x61], 'a'],
    ['bin 8', [0xc4, 1, 9], new Uint8Array([9])],
    ['bin 16', [0xc5, 0, 1, 9], new Uint8Array([9])],
    ['bin 32', [0xc6, 0, 0, 0, 1, 9], new Uint8Array([9])],
    ['fixarray', [0x91, 1], [1]],
    ['array 16', [0xdc, 0, 1, 1], [1]],
    ['array 32', [0xdd, 0, 0, 0, 1, 1], [1]],
    ['fixmap', [0x81, 0xa1, 0x61, 1], { a: 1 }],
    ['map 16', [0xde, 0, 1, 0xa1, 0x61, 1], { a: 1 }],
    ['map 32', [0xdf, 0, 0, 0, 1, 0xa1, 0x61, 1], { a: 1 }],
    ['ill-formed UTF-8', [0xa3, 0xed, 0xa0, 0x80], '\uFFFD\uFFFD\uFFFD'],
  ])('reads %s', (_name, given, value) => {
    expect(msgpack().decode(new Uint8Array(given))).toStrictEqual(value);
  });

  it('reads what another encoder makes of any JSON data', () => {
    fc.assert(
      fc.property(jsonData, (data) => {
        expectSame(msgpack().decode(msgpack().encode(data as Frame)), data);
      }),
    );
  });
});

it('generates each type of frame', () => {
  expect(Object.keys(clientFrames).sort()).toStrictEqual([...CLIENT_FRAMES.keys()].sort());
  expect(Object.keys(serverFrames).sort()).toStrictEqual([...SERVER_FRAMES.keys()].sort());
});
