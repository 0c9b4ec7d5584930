// Holds I15 (docs/guarantees.md).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_FRAMES } from '../../../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../../../src/protocol/codec.ts';
import { DEFAULT_LIMITS } from '../../../src/protocol/frame.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { type Parsed, parseMessage } from '../../../src/protocol/parse.ts';
import { toPlain } from '../../../src/protocol/payload.ts';
import { SERVER_FRAMES } from '../../../src/protocol/server-frames.ts';
import { clientFrame, serverFrame } from '../../support/frames.ts';
import { bytes, times, withPayload } from '../../support/raw-msgpack.ts';

type Frame = ClientFrame | ServerFrame;

/** What an attacker would change for every object, array and function of the program. */
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Uint8Array.prototype];
const members = (): readonly unknown[] =>
  prototypes.flatMap((each) => [
    Object.getPrototypeOf(each),
    ...Reflect.ownKeys(each).flatMap((key) => [key, ...Object.values(Object.getOwnPropertyDescriptor(each, key)!)]),
  ]);
const before = members();
const unchanged = (): boolean => {
  const now = members();
  return now.length === before.length && now.every((each, index) => Object.is(each, before[index]));
};

/** Invariant I15: a verdict, never an exception, never a changed prototype; and a payload that was let in gets a verdict too. */
function verdict(codec: Codec, data: Encoded): readonly Parsed<Frame>[] {
  const verdicts = [CLIENT_FRAMES, SERVER_FRAMES].map((known) => parseMessage<Frame>(codec, data, known));
  for (const parsed of verdicts) {
    if (!parsed.ok) expect(parsed.why).toMatch(/\S/);
    else for (const frame of parsed.frames) for (const payload of payloads(frame)) toPlain(payload, DEFAULT_LIMITS);
  }
  expect(unchanged()).toBe(true);
  return verdicts;
}

function payloads(frame: Frame): unknown[] {
  const { d, items = [] } = frame as { d?: unknown; items?: readonly { d?: unknown }[] };
  return [d, ...items.map((item) => item.d)];
}

const refusedBy = (codec: Codec, data: Encoded): boolean => verdict(codec, data).every((parsed) => !parsed.ok);
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, -1, 0.5, 2 ** 53, -0, '', '\ud800', [], {}, [[]], 'x'.repeat(70_000)),
  fc
    .anything({ withNullPrototype: false })
    .map((value) => (typeof value === 'bigint' || typeof value === 'symbol' ? null : value)),
  fc.jsonValue(),
);

/** A frame with one field dropped, replaced, renamed or repeated, perhaps in one of its items. */
const mutated = fc
  .tuple(fc.oneof(clientFrame, serverFrame), fc.nat(), fc.constantFrom('drop', 'replace', 'rename', 'wrap'), odd, fc.boolean())
  .map(([frame, pick, how, value, inside]) => {
    const items = (frame as { items?: readonly object[] }).items ?? [];
    const at = pick % Math.max(1, items.length);
    const target: object = inside ? (items[at] ?? frame) : frame;
    const entries = Object.entries(target);
    const [key, old] = entries[pick % entries.length]!;
    const rest = Object.fromEntries(entries.filter(([name]) => name !== key));
    const changed = {
      drop: rest,
      replace: { ...rest, [key]: value },
      rename: { ...rest, [`${key}_`]: old },
      wrap: { ...rest, [key]: [old] },
    };
    return target === frame ? changed[how] : { ...frame, items: items.with(at, changed[how]) };
  });

/** What no caller of a codec would encode; null for what has no form on that wire. */
function encoded(codec: Codec, value: unknown): Encoded | null {
  try {
    return codec.encode(value as Frame);
  } catch {
    return codec.binary ? null : (JSON.stringify(value) ?? null);
  }
}

describe.each([json(), msgpack()])('$name', (codec) => {
  it('survives mutated frames', () => {
    fc.assert(
      fc.property(mutated, (frame) => {
        const data = encoded(codec, frame);
        fc.pre(data !== null);
        verdict(codec, data);
      }),
    );
  });

  it('survives any data in place of a frame', () => {
    fc.assert(
      fc.property(odd, (value) => {
        const data = encoded(codec, value);
        fc.pre(data !== null);
        verdict(codec, data);
      }),
    );
  });

  it('survives random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), (data) => void verdict(codec, new Uint8Array(data))));
  });

  it('survives a message that was cut or has a byte changed', () => {
    fc.assert(
      fc.property(fc.oneof(clientFrame, serverFrame), fc.nat(), fc.nat(255), (frame, pick, byte) => {
        const whole = codec.encode(frame);
        const data = typeof whole === 'string' ? new TextEncoder().encode(whole) : whole;
        const at = pick % data.length;
        if (codec.binary) expect(refusedBy(codec, data.slice(0, at))).toBe(true);
        verdict(codec, data.slice(0, at));
        verdict(codec, data.with(at, byte));
      }),
    );
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])('knows no frame of type %s', (t) => {
    expect(verdict(codec, codec.encode({ t } as never))).toStrictEqual(Array(2).fill({ ok: true, frames: [] }));
  });
});

describe('hostile JSON', () => {
  const parse = (text: string): readonly Parsed<Frame>[] => verdict(json(), text);

  it('cannot reach a prototype', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      parse(`{"t":"ping","${key}":{"polluted":1}}`);
      parse(`{"${key}":{"t":"ping"}}`);
      parse(`{"t":"tell","c":"a","id":"i","e":"e","d":{"${key}":{"polluted":1}},"${key}":{"b":"AAAA","items":[{}]}}`);
      parse(`{"t":"pub","c":"a","p":"p","s":1,"items":[{"id":"i","e":"e","b":"AAAA","${key}":{"polluted":1}}]}`);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('cannot borrow a field from `__proto__`', () => {
    expect(refusedBy(json(), '{"t":"unsub","__proto__":{"c":"a"}}')).toBe(false);
    expect(parseMessage(json(), '{"t":"unsub","__proto__":{"c":"a"}}', CLIENT_FRAMES).ok).toBe(false);
  });

  it.each([
    ['1e400', '{"t":"ping","x":1e400}'],
    ['an unsafe integer', '{"t":"ping","x":9007199254740993}'],
    ['a negative number', '{"t":"ping","x":-1}'],
    ['a fraction', '{"t":"ping","x":1.5}'],
    ['text for a number', '{"t":"ping","x":"1"}'],
    ['two values', '{"t":"ping"}{"t":"ping"}'],
    ['NaN', '{"t":"ping","x":NaN}'],
    ['nothing', ''],
    ['100,000 open lists', '['.repeat(100_000)],
    ['100,000 lists', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('is refused: %s', (_name, text) => {
    expect(refusedBy(json(), text)).toBe(true);
  });

  it('takes -0 for 0', () => {
    expect(parse('{"t":"ping","x":-0}')).toMatchObject([{ ok: true }, { ok: true }]);
  });

  it.each([
    ['lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(20_000) + '0' + '}'.repeat(20_000)],
    ['items', '{"items":['.repeat(10_000) + ']}'.repeat(10_000)],
  ])('makes the nesting of %s in a payload a verdict on that payload', (_name, d) => {
    const [parsed] = parse(`{"t":"tell","c":"a","id":"i","e":"e","d":${d},"items":[${d}]}`);
    expect(parsed).toMatchObject({ ok: true });
    const { frames } = parsed as { frames: readonly { d?: unknown }[] };
    expect(toPlain(frames[0]?.d, DEFAULT_LIMITS)).toMatchObject({ ok: false, code: 'invalid' });
  });
});

const claims: readonly (readonly [name: string, head: readonly number[]])[] = [
  ['array 16', [0xdc, 0xff, 0xff]],
  ['array 32', [0xdd, 0xff, 0xff, 0xff, 0xff]],
  ['array 32 of 16 million', [0xdd, 0x01, 0, 0, 0]],
  ['map 16', [0xde, 0xff, 0xff]],
  ['map 32', [0xdf, 0xff, 0xff, 0xff, 0xff]],
  ['str 8', [0xd9, 0xff]],
  ['str 16', [0xda, 0xff, 0xff]],
  ['str 32', [0xdb, 0xff, 0xff, 0xff, 0xff]],
  ['bin 8', [0xc4, 0xff]],
  ['bin 16', [0xc5, 0xff, 0xff]],
  ['bin 32', [0xc6, 0xff, 0xff, 0xff, 0xff]],
  ['ext 32', [0xc9, 0xff, 0xff, 0xff, 0xff, 1]],
];

describe('hostile MessagePack', () => {
  it.each(claims)('is refused: %s of more than there is', (_name, head) => {
    expect(refusedBy(msgpack(), bytes(head))).toBe(true);
    expect(verdict(msgpack(), withPayload(...head))[0]).toMatchObject({ ok: false });
    expect(verdict(msgpack(), withPayload(...head, ...times(40, 0xc0)))[0]).toMatchObject({ ok: false });
  });

  it.each(claims)('gets no memory for what it claims: %s, again and again', (_name, head) => {
    const data = withPayload(...times(Math.min(60, Math.floor(60_000 / head.length)), ...head));
    const used = process.memoryUsage();
    for (let i = 0; i < 4; i += 1) parseMessage(msgpack(), data, CLIENT_FRAMES);
    const now = process.memoryUsage();
    expect(now.heapUsed - used.heapUsed + now.external - used.external).toBeLessThan(32 * 1024 * 1024);
  });

  it.each([
    ['a type byte that is never used', [0xc1]],
    ['an extension', [0xd4, 1, 0]],
    ['an extension of 16 bytes', [0xd8, 1, ...times(16, 0)]],
    ['a timestamp', [0xd6, 0xff, 0, 0, 0, 1]],
    ['a timestamp of 96 bits', [0xc7, 12, 0xff, ...times(12, 0)]],
    ['a number for a key', [0x81, 1, 1]],
    ['a list for a key', [0x81, 0x91, 1, 1]],
    ['nil for a key', [0x81, 0xc0, 1]],
    ['bytes after the value', [0xc0, 0xc0]],
    ['nothing', []],
    ['100,000 open lists', times(100_000, 0x91)],
    ['100,000 lists', [...times(100_000, 0x91), 0xc0]],
    ['100,000 open maps', times(50_000, 0x81, 0xa0)],
  ])('is refused: %s', (_name, payload) => {
    expect(verdict(msgpack(), withPayload(...payload))[0]).toMatchObject({ ok: false });
  });

  it('is refused for its depth, before the stack is used up', () => {
    const [parsed] = verdict(msgpack(), withPayload(...times(100_000, 0x91), 0xc0));
    expect(parsed).toMatchObject({ why: expect.stringMatching(/deeper than 64/) as string });
  });

  it.each([
    ['an unsafe integer', [0xcf, 0x00, 0x20, 0, 0, 0, 0, 0, 0]],
    ['the largest integer', [0xcf, ...times(8, 0xff)]],
    ['the lowest integer', [0xd3, 0x80, ...times(7, 0)]],
    ['infinity', [0xcb, 0x7f, 0xf0, ...times(6, 0)]],
    ['NaN', [0xcb, 0x7f, 0xf8, ...times(6, 0)]],
  ])('is refused as a count: %s', (_name, number) => {
    expect(refusedBy(msgpack(), bytes([0x82, 0xa1], 't', [0xa4], 'ping', [0xa1], 'x', number))).toBe(true);
  });

  it('reads `__proto__` as JSON.parse does: an own key, which is a verdict on the payload', () => {
    const [parsed] = verdict(msgpack(), withPayload(0x81, 0xa9, ...bytes('__proto__'), 0x81, 0xa1, 0x61, 1));
    const { d } = (parsed as unknown as { frames: readonly [{ d: object }] }).frames[0];
    expect(Object.keys(d)).toStrictEqual(['__proto__']);
    expect(toPlain(d, DEFAULT_LIMITS)).toMatchObject({ ok: false, code: 'invalid' });
  });

  it('reads a payload of the allowed depth, and no more than a payload may be refused for', () => {
    expect(verdict(msgpack(), withPayload(...times(DEFAULT_LIMITS.depth, 0x91), 0xc0))[0]).toMatchObject({ ok: true });
    const [parsed] = verdict(msgpack(), withPayload(...times(DEFAULT_LIMITS.depth + 1, 0x91), 0xc0));
    const { d } = (parsed as unknown as { frames: readonly [{ d: object }] }).frames[0];
    expect(toPlain(d, DEFAULT_LIMITS)).toMatchObject({ ok: false, code: 'invalid' });
  });
});
