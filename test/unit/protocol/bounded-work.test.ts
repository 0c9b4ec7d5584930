import { describe, expect, it } from 'vitest';
import { CLIENT_FRAMES } from '../../../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../../../src/protocol/codec.ts';
import { type ClientFrame, DEFAULT_LIMITS } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { parseMessage } from '../../../src/protocol/parse.ts';
import { toPlain } from '../../../src/protocol/payload.ts';
import { bytes, times, withPayload } from '../../support/raw-msgpack.ts';

/** What a server does with a message before it acts on it. */
function take(codec: Codec, data: Encoded): void {
  const parsed = parseMessage<ClientFrame>(codec, data, CLIENT_FRAMES);
  if (!parsed.ok) return;
  for (const frame of parsed.frames) {
    const { d, items = [] } = frame as { d?: unknown; items?: readonly { d?: unknown }[] };
    for (const payload of [d, ...items.map((item) => item.d)]) toPlain(payload, DEFAULT_LIMITS);
  }
}

const SIZE = 65_536;
const fill = (open: string, unit: string, close: string): string =>
  open + unit.repeat(Math.floor((SIZE - open.length - close.length) / unit.length)) + close;
const inTell = (unit: string): string => fill('{"t":"tell","c":"a","id":"i","e":"e","d":[', unit, '0]}');

describe('64 KiB of hostile input', () => {
  it.each<readonly [name: string, codec: Codec, data: Encoded]>([
    ['lists', json(), '['.repeat(SIZE)],
    ['frames of an unknown type', json(), fill('[', '{"t":"x"},', '{"t":"x"}]')],
    ['frames', json(), fill('[', '{"t":"ping"},', '{"t":"ping"}]')],
    ['escapes', json(), inTell('"\\ud800",')],
    ['control characters', json(), inTell('"\\u0000",')],
    ['numbers', json(), inTell('1e-7,')],
    ['objects', json(), inTell('{"a":{}},')],
    ['many keys', json(), `{"t":"ping",${Array.from({ length: 6000 }, (_, i) => `"${i}":1`).join()}}`],
    [
      'keys that look like indexes',
      json(),
      `{"t":"ping",${Array.from({ length: 5000 }, (_, i) => `"${i * 800_003}":1`).join()}}`,
    ],
    ['a long channel name', json(), fill('{"t":"unsub","c":"', 'a', '"}')],
    ['a long event name', json(), fill('{"t":"tell","c":"a","id":"i","e":"', 'a', '"}')],
    ['base64url', json(), fill('{"t":"tell","c":"a","id":"i","e":"e","b":"', 'AAAA', 'AAA!"}')],
    ['items', json(), fill('{"t":"pub","c":"a","p":"p","s":1,"items":[', '{"id":"i","e":"e","b":"AA"},', '0]}')],
    ['open lists', msgpack(), bytes(times(SIZE, 0x91))],
    ['claims', msgpack(), withPayload(...times(SIZE / 8, 0xdd, 0, 1, 0, 0))],
    ['empty maps', msgpack(), withPayload(0xdc, 0xff, 0x00, ...times(0xff00, 0x80))],
    ['ill-formed text', msgpack(), withPayload(0xda, 0xff, 0x00, ...times(0xff00, 0xff))],
    ['short ill-formed texts', msgpack(), withPayload(0xdc, 0x7f, 0x00, ...times(0x7f00, 0xa1, 0xff))],
    ['keys', msgpack(), withPayload(0xde, 0x55, 0x00, ...times(0x5500, 0xa1, 0x61, 0xc0))],
    ['bytes', msgpack(), withPayload(0xdc, 0x7f, 0x00, ...times(0x7f00, 0xc4, 0x00))],
  ])('is decided in a few milliseconds: %s', (_name, codec, data) => {
    // The best of several runs: a loaded machine makes a run slow, only the code makes all of them slow.
    let best = Infinity;
    for (let run = 0; run < 12; run += 1) {
      const start = performance.now();
      take(codec, data);
      best = Math.min(best, performance.now() - start);
    }
    expect(best).toBeLessThan(50);
  });
});
