import { TOMBSTONES } from './frame.ts';
import * as is from './parse.ts';

const isToken = is.text(16_384);
const isTombstone = is.record({ id: is.isId, x: is.oneOf(...TOMBSTONES) });
const isItem = is.record(is.ITEM);
const { e: _event, ...MEMBER } = is.ITEM;
const item: is.Check = (value) =>
  typeof value === 'object' && value !== null && 'x' in value ? isTombstone(value) : isItem(value);

/** What a server accepts. Kept apart from the server's frames so that a client's bundle holds only those. */
export const CLIENT_FRAMES: is.Shapes = is.shapes({
  hello: {
    v: is.tuple(is.isCount, is.isCount),
    client: is.isId,
    gen: is.isCount,
    'token?': isToken,
    'why?': is.text(32),
    'ping?': is.isPositive,
    'wait?': is.isCount,
    'since?': is.isCount,
    'mem?': is.text(64, 1),
  },
  sub: {
    c: is.isChannel,
    k: is.isCount,
    'cur?': is.isCursor,
    'n?': is.isCount,
    'mode?': is.oneOf('log', 'latest', 'live'),
    'pv?': is.text(64),
  },
  unsub: { c: is.isChannel },
  pub: { c: is.isChannel, p: is.isId, s: is.isPositive, items: is.listOf(item, 1024), 'first?': is.isBoolean },
  tell: { c: is.isChannel, ...is.ITEM },
  hist: { id: is.isId, c: is.isChannel, 'from?': is.isCursor, 'to?': is.isCursor, n: is.isPositive },
  pres: { c: is.isChannel, op: is.oneOf('enter', 'update', 'leave'), k: is.isCount, ...MEMBER },
  req: { id: is.isId, m: is.isEvent, ...is.PAYLOAD, 'key?': is.isKey, 'timeout?': is.isPositive },
  cancel: { id: is.isId },
  auth: { token: isToken },
  ping: { 'x?': is.isCount },
  pong: { 'x?': is.isCount },
  bye: { code: is.isCount, 'done?': is.listOf(is.record({ c: is.isChannel, p: is.isId }), 1024) },
});
