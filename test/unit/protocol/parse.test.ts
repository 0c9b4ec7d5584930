import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_FRAMES } from '../../../src/protocol/client-frames.ts';
import type { Codec } from '../../../src/protocol/codec.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { DEFAULT_LIMITS } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { anything, type Parsed, parseMessage, type Shapes, shapes } from '../../../src/protocol/parse.ts';
import { SERVER_FRAMES } from '../../../src/protocol/server-frames.ts';
import { expectSame } from '../../support/expect-same.ts';
import { clientFrame, jsonData, serverFrame } from '../../support/frames.ts';

type Frame = ClientFrame | ServerFrame;

const codecs: readonly Codec[] = [json(), msgpack()];
function parse(codec: Codec, message: unknown, known: Shapes): Parsed<Frame> {
  const pieces = Array.isArray(message) ? (message as readonly Frame[]) : [message as Frame];
  const joined = codec.join(pieces.map((frame) => codec.encode(frame)));
  return parseMessage(codec, joined, known);
}

/** What no caller of a codec would encode. */
function parseAny(codec: Codec, message: unknown, known: Shapes): Parsed<Frame> {
  return parseMessage(codec, codec.binary ? codec.encode(message as Frame) : JSON.stringify(message), known);
}

const ok = (...frames: readonly unknown[]): object => ({ ok: true, frames });
const refused = (why: string): object => ({ ok: false, why });

const newType = fc.string({ minLength: 0, maxLength: 20 }).filter((type) => !CLIENT_FRAMES.has(type) && !SERVER_FRAMES.has(type));
const newKey = fc.string({ minLength: 3, maxLength: 12 }).filter((key) => key !== '__proto__');

describe.each(codecs)('what a later version adds, in $name', (codec) => {
  it.each([
    ['client', clientFrame, CLIENT_FRAMES],
    ['server', serverFrame, SERVER_FRAMES],
  ] as const)('leaves unknown types out of a batch of %s frames', (_side, frames, known) => {
    fc.assert(
      fc.property(frames, newType, fc.dictionary(newKey, jsonData, { noNullPrototype: true }), (frame, t, rest) => {
        expectSame(parse(codec, [{ ...rest, t }, frame, { t, b: 'not base64url!' }], known), ok(frame));
        expectSame(parse(codec, { ...rest, t }, known), ok());
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['client', clientFrame, CLIENT_FRAMES],
    ['server', serverFrame, SERVER_FRAMES],
  ] as const)('does not look at unknown keys of %s frames', (_side, frames, known) => {
    const reserved = new Set([...known.values()].flatMap((fields) => fields.map(([key]) => key)));
    fc.assert(
      fc.property(frames, newKey, jsonData, (frame, key, value) => {
        fc.pre(!reserved.has(key));
        expectSame(parse(codec, { ...frame, [key]: value }, known), ok({ ...frame, [key]: value }));
      }),
      { numRuns: 50 },
    );
  });

  it('ignores frames of the other side, and of a later version', () => {
    const later = ['later', 'still'].map((t) => ({ t, id: 1, b: 1 }));
    expect(parse(codec, [...later, { t: 'subbed' }, { t: 'res' }], CLIENT_FRAMES)).toStrictEqual(ok());
    expect(parse(codec, [...later, { t: 'sub' }, { t: 'hist' }, { t: 'req' }, { t: 'cancel' }], SERVER_FRAMES)).toStrictEqual(
      ok(),
    );
  });
});

const cur = ['epoch', 1, 'tag'];
const entry = { id: 'i', e: 'e', o: 1, g: 'g' };
const pub = { t: 'pub', c: 'a', p: 'p', s: 1, items: [] };
const welcome = { t: 'welcome', v: 1, mem: 'm', ping: 1, limits: DEFAULT_LIMITS, caps: [] };
const subbed = { t: 'subbed', c: 'a', k: 0, cur, ok: null };
const hist = { t: 'hist', id: 'i', c: 'a', n: 1 };
const pres = { t: 'pres', c: 'a', op: 'enter', k: 1, id: 'i' };
const req = { t: 'req', id: 'i', m: 'm' };
const ack = { t: 'ack', c: 'a', p: 'p', s: 1, ep: 'e' };

describe.each(codecs)('a wrong envelope, in $name', (codec) => {
  it.each([
    ['null', null],
    ['a number', 7],
    ['text', 'ping'],
    ['a list in a list', [[{ t: 'ping' }], { t: 'ping' }]],
    ['no type', { x: 1 }],
    ['a type that is no text', { t: 7 }],
    ['one wrong frame in a batch', [{ t: 'ping' }, null]],
  ])('is refused: %s', (_name, message) => {
    expect(parseAny(codec, message, CLIENT_FRAMES)).toStrictEqual(refused('a frame is a map with a type `t`'));
  });

  it('has no field that it only inherits', () => {
    const known = shapes({ probe: { constructor: anything } });
    expect(parseAny(codec, { t: 'probe' }, known)).toStrictEqual(refused('field `constructor` of a probe frame'));
  });

  it('may be empty', () => {
    expect(parseAny(codec, [], CLIENT_FRAMES)).toStrictEqual(ok());
  });

  it.each<readonly [field: string, frame: Readonly<Record<string, unknown>>]>([
    ['v', { t: 'hello', v: [1], client: 'c', gen: 0 }],
    ['v', { t: 'hello', v: [1, 1.5], client: 'c', gen: 0 }],
    ['client', { t: 'hello', v: [1, 1], client: '', gen: 0 }],
    ['client', { t: 'hello', v: [1, 1], client: 'c'.repeat(65), gen: 0 }],
    ['gen', { t: 'hello', v: [1, 1], client: 'c', gen: -1 }],
    ['token', { t: 'hello', v: [1, 1], client: 'c', gen: 0, token: null }],
    ['token', { t: 'hello', v: [1, 1], client: 'c', gen: 0, token: 'x'.repeat(16_385) }],
    ['c', { t: 'sub', c: 'a b', k: 0 }],
    ['k', { t: 'sub', c: 'a', k: 2 ** 53 }],
    ['cur', { t: 'sub', c: 'a', k: 0, cur: ['e', 1] }],
    ['mode', { t: 'sub', c: 'a', k: 0, mode: 'all' }],
    ['s', { ...pub, s: 0 }],
    ['items', { ...pub, items: {} }],
    ['items', { ...pub, items: [{ id: 'i' }] }],
    ['items', { ...pub, items: [{ id: 'i', x: 'gone' }] }],
    ['items', { ...pub, items: [{ id: '', e: 'e' }] }],
    ['items', { ...pub, items: [{ id: 'i', e: 'a\nb' }] }],
    ['items', { ...pub, items: Array(1025).fill({ id: 'i', e: 'e' }) }],
    ['items', { ...pub, items: [null] }],
    ['first', { ...pub, first: 1 }],
    ['id', { ...hist, id: 7 }],
    ['c', { ...hist, c: '' }],
    ['from', { ...hist, from: ['e', 1] }],
    ['to', { ...hist, to: null }],
    ['n', { ...hist, n: 0 }],
    ['n', { ...hist, n: undefined }],
    ['pv', { t: 'sub', c: 'a', k: 0, pv: 'x'.repeat(65) }],
    ['op', { ...pres, op: 'join' }],
    ['k', { ...pres, k: -1 }],
    ['k', { ...pres, k: undefined }],
    ['id', { ...pres, id: '' }],
    ['id', { ...pres, id: 'x'.repeat(65) }],
    ['id', { ...req, id: '' }],
    ['id', { ...req, id: 'i'.repeat(65) }],
    ['m', { ...req, m: '' }],
    ['m', { ...req, m: 'a\nb' }],
    ['m', { ...req, m: undefined }],
    ['b', { ...req, b: 7 }],
    ['key', { ...req, key: '' }],
    ['key', { ...req, key: 'k'.repeat(257) }],
    ['key', { ...req, key: null }],
    ['timeout', { ...req, timeout: 0 }],
    ['timeout', { ...req, timeout: 1.5 }],
    ['id', { t: 'cancel' }],
    ['done', { t: 'bye', code: 1000, done: [{ c: 'a' }] }],
  ])('is refused by the field `%s` of a client frame %#', (field, frame) => {
    expect(parseAny(codec, frame, CLIENT_FRAMES)).toStrictEqual(refused(`field \`${field}\` of a ${String(frame['t'])} frame`));
  });

  it.each<readonly [field: string, frame: Readonly<Record<string, unknown>>]>([
    ['v', { ...welcome, v: 0 }],
    ['limits', { ...welcome, limits: { ...DEFAULT_LIMITS, items: undefined } }],
    ['limits', { ...welcome, limits: { ...DEFAULT_LIMITS, depth: 0 } }],
    ['limits', { ...welcome, limits: { ...DEFAULT_LIMITS, presence: 0 } }],
    ['v', { t: 'pres', c: 'a', v: '' }],
    ['pv', { t: 'pres', c: 'a', v: 'v', pv: '' }],
    ['set', { t: 'pres', c: 'a', v: 'v', set: {} }],
    ['set', { t: 'pres', c: 'a', v: 'v', set: [{ id: 'i' }] }],
    ['set', { t: 'pres', c: 'a', v: 'v', set: [{ id: '', k: 1 }] }],
    ['set', { t: 'pres', c: 'a', v: 'v', set: [{ id: 'i', k: 1, by: 7 }] }],
    ['gone', { t: 'pres', c: 'a', v: 'v', gone: [''] }],
    ['err', { t: 'pres', c: 'a', err: { code: '' } }],
    ['err', { t: 'pres', c: 'a', err: { code: 'x', retry: 1 } }],
    ['ttl', { ...welcome, ttl: -1 }],
    ['caps', { ...welcome, caps: [1] }],
    ['ok', { ...subbed, ok: undefined }],
    ['ok', { ...subbed, ok: 0 }],
    ['cur', { ...subbed, cur: ['e', -1, ''] }],
    ['items', { ...subbed, items: [{ ...entry, o: 0 }] }],
    ['items', { ...subbed, items: [{ ...entry, g: 1 }] }],
    ['items', { t: 'msg', c: 'a' }],
    ['to', { ...subbed, to: [1] }],
    ['r', { ...ack, r: [1] }],
    ['r', { ...ack, r: [[0, 'g']] }],
    ['r', { ...ack, r: [{ code: '' }] }],
    ['r', { ...ack, r: [{}] }],
    ['ep', { ...ack, ep: undefined, r: [] }],
    ['retry', { t: 'unsubbed', c: 'a', code: 'forbidden' }],
    ['why', { t: 'gap', c: 'a', cur }],
    ['id', { t: 'res' }],
    ['err', { t: 'res', id: 'i', err: {} }],
    ['err', { t: 'res', id: 'i', err: { code: 'forbidden', after: -1 } }],
    ['err', { t: 'res', id: 'i', err: { code: 'app', retry: 1 } }],
    ['b', { t: 'res', id: 'i', b: 'A' }],
    ['items', { t: 'res', id: 'i', items: [{ ...entry, o: 0 }] }],
    ['older', { t: 'res', id: 'i', older: [0, 'g'] }],
    ['trimmed', { t: 'res', id: 'i', trimmed: 1 }],
    ['expected', { t: 'nack', c: 'a', p: 'p', s: 1, code: 'out-of-order', expected: 0 }],
    ['after', { t: 'bye', code: 4000, why: '', after: 0.5 }],
  ])('is refused by the field `%s` of a server frame %#', (field, frame) => {
    expect(parseAny(codec, frame, SERVER_FRAMES)).toStrictEqual(refused(`field \`${field}\` of a ${String(frame['t'])} frame`));
  });

  it('refuses ids and events with lone surrogates, which have no UTF-8 form', () => {
    const text = (frame: object): Parsed<Frame> => parseMessage(json(), JSON.stringify(frame), CLIENT_FRAMES);
    expect(text({ t: 'tell', c: 'a', id: '\ud800', e: 'e' })).toStrictEqual(refused('field `id` of a tell frame'));
    expect(text({ t: 'req', id: 'i', m: 'm', key: 'a\ud800' })).toStrictEqual(refused('field `key` of a req frame'));
    expect(text({ t: 'tell', c: 'a', id: 'i', e: '\udfff' })).toStrictEqual(refused('field `e` of a tell frame'));
  });
});

describe('bytes in JSON', () => {
  const tell = (fields: string): Parsed<Frame> =>
    parseMessage(json(), `{"t":"tell","c":"a","id":"i","e":"e",${fields}}`, CLIENT_FRAMES);

  it.each(['"b":"A"', '"b":"AB"', '"b":"AA=="', '"b":"A A"', '"b":7', '"b":null', '"d":1,"b":"A"'])(
    'are refused: %s',
    (fields) => {
      expect(tell(fields)).toStrictEqual(refused('field `b` of a tell frame'));
    },
  );

  it('are read in frames and in items', () => {
    expect(tell('"b":"_-8"')).toMatchObject(ok({ d: new Uint8Array([255, 239]) }));
    const frame = '{"t":"pub","c":"a","p":"p","s":1,"items":[{"id":"i","e":"e","b":"AAA"}]}';
    expect(parseMessage(json(), frame, CLIENT_FRAMES)).toMatchObject(ok({ items: [{ d: new Uint8Array(2) }] }));
  });

  it('are refused in an item as in a frame', () => {
    const frame = '{"t":"pub","c":"a","p":"p","s":1,"items":[{"id":"i","e":"e","b":"A"}]}';
    expect(parseMessage(json(), frame, CLIENT_FRAMES)).toStrictEqual(refused('field `items` of a pub frame'));
  });
});
