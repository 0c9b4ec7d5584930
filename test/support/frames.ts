import fc from 'fast-check';
import type * as f from '../../src/protocol/frame.ts';

/** Arbitraries for every frame of the protocol. */

const NAME = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-'];

/** Any well-formed text of at most `max` UTF-16 units. */
export const wellFormed = (max: number, min = 0): fc.Arbitrary<string> =>
  // A code point may take two units.
  fc.string({ unit: 'binary', minLength: min, maxLength: max, size: 'max' }).filter((text) => text.length <= max);

export const channelName = fc.string({ unit: fc.constantFrom(...NAME), minLength: 1, maxLength: 200 });
export const eventName = wellFormed(200, 1)
  // eslint-disable-next-line no-control-regex -- what an event name may not hold
  .map((name) => name.replace(/[\x00-\x1f\x7f]/g, '·'));
export const id = wellFormed(64, 1);
export const count = fc.oneof(fc.nat(1000), fc.maxSafeNat());
export const positive = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const tag = wellFormed(64);
const why = wellFormed(32);

/** JSON data as it comes out of a parser: no -0, no `__proto__`. */
export const jsonData: fc.Arbitrary<unknown> = fc
  .oneof(
    { weight: 3, arbitrary: fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('', '\uFEFF', '\0'), wellFormed(400)).map((parts) => parts.join('')) },
  )
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('__proto__'))
  .map((text) => JSON.parse(text) as unknown);

export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300, size: 'max' });
export const payload: fc.Arbitrary<unknown> = fc.oneof({ weight: 3, arbitrary: jsonData }, { weight: 1, arbitrary: bytes });

/** A record whose keys that end in `?` are optional, as in the shape tables. */
function shape<T>(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<T> {
  const entries = Object.entries(fields);
  const model = Object.fromEntries(entries.map(([key, arbitrary]) => [key.replace('?', ''), arbitrary]));
  const requiredKeys = entries.map(([key]) => key).filter((key) => !key.endsWith('?'));
  // A property test compares whole frames, and parsed ones have the usual prototype.
  return fc.record(model, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<T>;
}

type Type = (f.ClientFrame | f.ServerFrame)['t'];
const frame = <T extends { readonly t: Type }>(
  t: T['t'],
  fields: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<T> => shape<T>({ t: fc.constant(t), ...fields });

const ITEM = { id, e: eventName, 'd?': payload };
export const cursor: fc.Arbitrary<f.WireCursor> = fc.tuple(tag, count, tag);
export const item = shape<f.Item>(ITEM);
export const tombstone = shape<f.Tombstone>({ id, x: fc.constantFrom('cancelled', 'expired', 'closed') });
export const entry = shape<f.Entry>({ ...ITEM, o: positive, g: tag, 'ts?': count, 'by?': wellFormed(256) });
export const limits: fc.Arbitrary<f.Limits> = shape({
  frame: positive,
  binary: positive,
  batch: positive,
  items: positive,
  message: positive,
  channels: positive,
  depth: positive,
  keys: positive,
  outboxTtl: positive,
});
const list = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { maxLength: 6 });
const REFUSAL = { code: wellFormed(64, 1), 'message?': wellFormed(100), 'app?': wellFormed(100) };
const refusal = shape<f.Refusal>(REFUSAL);
const result: fc.Arbitrary<f.Result> = fc.oneof(fc.tuple(positive, tag), fc.constant(0 as const), refusal);
const lane = { c: channelName, p: id };

export const clientFrames: { readonly [T in f.ClientFrame['t']]: fc.Arbitrary<Extract<f.ClientFrame, { t: T }>> } = {
  hello: frame('hello', {
    v: fc.tuple(count, count),
    client: id,
    gen: count,
    'token?': wellFormed(100),
    'why?': fc.constantFrom('connect', 'reconnect', 'upgrade', 'resume'),
  }),
  sub: frame('sub', {
    c: channelName,
    k: count,
    'cur?': cursor,
    'n?': count,
    'mode?': fc.constantFrom('log', 'latest', 'live'),
    'pv?': wellFormed(64),
  }),
  unsub: frame('unsub', { c: channelName }),
  pub: frame('pub', { ...lane, s: positive, items: list(fc.oneof(item, tombstone)), 'first?': fc.boolean() }),
  tell: frame('tell', { c: channelName, ...ITEM }),
  hist: frame('hist', { id, c: channelName, 'from?': cursor, 'to?': cursor, n: positive }),
  req: frame('req', { id, m: eventName, 'd?': payload, 'key?': wellFormed(256, 1), 'timeout?': positive }),
  cancel: frame('cancel', { id }),
  pres: frame('pres', { c: channelName, op: fc.constantFrom('enter', 'update', 'leave'), k: count, id, 'd?': payload }),
  auth: frame('auth', { token: wellFormed(100) }),
  ping: frame('ping', { 'x?': count }),
  pong: frame('pong', { 'x?': count }),
  bye: frame('bye', { code: count, 'done?': list(shape(lane)) }),
};

export const serverFrames: { readonly [T in f.ServerFrame['t']]: fc.Arbitrary<Extract<f.ServerFrame, { t: T }>> } = {
  welcome: frame('welcome', {
    v: positive,
    mem: wellFormed(64, 1),
    ping: positive,
    'user?': wellFormed(256),
    'ttl?': count,
    limits,
    caps: list(wellFormed(64)),
  }),
  subbed: frame('subbed', {
    c: channelName,
    k: count,
    cur: cursor,
    ok: fc.constantFrom(true, false, null),
    'why?': why,
    'items?': list(entry),
    'to?': fc.tuple(count, tag),
    'more?': fc.boolean(),
  }),
  unsubbed: frame('unsubbed', {
    c: channelName,
    code: wellFormed(64),
    retry: fc.boolean(),
    'message?': wellFormed(100),
    'app?': wellFormed(100),
    'after?': count,
  }),
  msg: frame('msg', { c: channelName, items: list(entry) }),
  tell: frame('tell', { c: channelName, ...ITEM, 'by?': wellFormed(256) }),
  skip: frame('skip', { c: channelName, o: count, g: tag }),
  gap: frame('gap', { c: channelName, cur: cursor, why }),
  ack: frame('ack', { ...lane, s: positive, ep: tag, r: list(result) }),
  nack: frame('nack', { ...lane, s: positive, code: wellFormed(64), 'expected?': positive, 'after?': count }),
  // A result, or a page: no server sends both in one.
  res: fc.oneof(
    frame<f.Res>('res', { id, 'd?': payload }),
    frame<f.Res>('res', {
      id,
      'err?': shape({ ...REFUSAL, 'retry?': fc.boolean(), 'after?': count }),
      'ep?': tag,
      'items?': list(entry),
      'older?': fc.tuple(positive, tag),
      'trimmed?': fc.boolean(),
    }),
  ),
  pres: frame('pres', {
    c: channelName,
    'v?': wellFormed(64, 1),
    'pv?': wellFormed(64, 1),
    'set?': list(shape({ id, k: count, 'by?': wellFormed(256), 'd?': jsonData })),
    'gone?': list(id),
    'k?': count,
    'err?': shape({ ...REFUSAL, 'retry?': fc.boolean(), 'after?': count }),
  }),
  recheck: frame('recheck', {}),
  auth: frame('auth', { 'ttl?': count }),
  ping: frame('ping', { 'x?': count }),
  pong: frame('pong', { 'x?': count }),
  bye: frame('bye', { code: count, why: wellFormed(100), 'after?': count, 'spread?': count }),
};

export const clientFrame: fc.Arbitrary<f.ClientFrame> = fc.oneof(...Object.values<fc.Arbitrary<f.ClientFrame>>(clientFrames));
export const serverFrame: fc.Arbitrary<f.ServerFrame> = fc.oneof(...Object.values<fc.Arbitrary<f.ServerFrame>>(serverFrames));
