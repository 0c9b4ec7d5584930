import * as is from './parse.ts';

const isEntry = is.record({ ...is.ITEM, o: is.isPositive, g: is.text(64), 'ts?': is.isCount, 'by?': is.text(256) });
const why = is.text(32);
const limits = ['frame', 'binary', 'batch', 'items', 'message', 'channels', 'depth', 'keys', 'outboxTtl'] as const;
const refusal: is.Shape = { code: is.text(64, 1), 'message?': is.text(4096), 'app?': is.text(256) };
const isRefusal = is.record({ ...refusal, 'retry?': is.isBoolean, 'after?': is.isCount });
const isMember = is.record({ id: is.isId, k: is.isCount, 'by?': is.text(256), 'd?': is.anything });
const isResult = is.either(is.tuple(is.isPositive, is.text(64)), is.oneOf(0), is.record(refusal));

/** What a client accepts. */
export const SERVER_FRAMES: is.Shapes = is.shapes({
  welcome: {
    v: is.isPositive,
    mem: is.text(64, 1),
    ping: is.isPositive,
    'user?': is.text(256),
    'ttl?': is.isCount,
    limits: is.record({ ...Object.fromEntries(limits.map((name) => [name, is.isPositive])), 'presence?': is.isPositive }),
    caps: is.listOf(is.text(64)),
  },
  subbed: {
    c: is.isChannel,
    k: is.isCount,
    cur: is.isCursor,
    ok: is.oneOf(true, false, null),
    'why?': why,
    'items?': is.listOf(isEntry),
    'to?': is.tuple(is.isCount, is.text(64)),
    'more?': is.isBoolean,
  },
  unsubbed: {
    c: is.isChannel,
    code: is.text(64),
    retry: is.isBoolean,
    'message?': is.text(4096),
    'app?': is.text(256),
    'after?': is.isCount,
  },
  msg: { c: is.isChannel, items: is.listOf(isEntry) },
  tell: { c: is.isChannel, ...is.ITEM, 'by?': is.text(256) },
  skip: { c: is.isChannel, o: is.isCount, g: is.text(64) },
  gap: { c: is.isChannel, cur: is.isCursor, why },
  ack: { c: is.isChannel, p: is.isId, s: is.isPositive, ep: is.text(64), r: is.listOf(isResult) },
  nack: { c: is.isChannel, p: is.isId, s: is.isPositive, code: is.text(64), 'expected?': is.isPositive, 'after?': is.isCount },
  res: {
    id: is.isId,
    'err?': isRefusal,
    ...is.PAYLOAD,
    'ep?': is.text(64),
    'items?': is.listOf(isEntry),
    'older?': is.tuple(is.isPositive, is.text(64)),
    'trimmed?': is.isBoolean,
  },
  pres: {
    c: is.isChannel,
    'v?': is.text(64, 1),
    'pv?': is.text(64, 1),
    'set?': is.listOf(isMember),
    'gone?': is.listOf(is.isId),
    'k?': is.isCount,
    'err?': isRefusal,
  },
  recheck: {},
  auth: { 'ttl?': is.isCount },
  ping: { 'x?': is.isCount },
  pong: { 'x?': is.isCount },
  bye: { code: is.isCount, why: is.text(4096), 'after?': is.isCount, 'spread?': is.isCount },
});
