import { describe, expect, it } from 'vitest';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { entry, msg, pong, subbed, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();

const valid = '{"t":"msg","c":"room","items":[{"id":"m-1","e":"message","o":1,"g":"t-1"}]}';
const GARBAGE: readonly (readonly [string, string | Uint8Array])[] = [
  ['no text at all', ''],
  ['text that is no JSON', 'hello there'],
  ['JSON cut short', valid.slice(0, -2)],
  ['a page of HTML', '<!doctype html><title>502 Bad Gateway</title>'],
  ['bytes', msgpack().encode(welcome())],
  ['bytes that are no UTF-8', new Uint8Array([0xff, 0xfe, 0x00])],
  ['null', 'null'],
  ['a number', '7'],
  ['a list of lists', `[[${valid}]]`],
  ['a frame without a type', '{"c":"room"}'],
  ['a frame whose type is no text', '{"t":1}'],
  ['a batch with one bad frame behind a good one', `[${valid},{"t":"msg"}]`],
  ['a missing field', '{"t":"ack","c":"room","p":"p","s":1,"r":[]}'],
  ['an offset of 0', valid.replace('"o":1', '"o":0')],
  ['an offset that is no safe integer', valid.replace('"o":1', '"o":9007199254740993')],
  ['an offset as text', valid.replace('"o":1', '"o":"1"')],
  ['bytes that are no base64url', valid.replace('"g"', '"b":"*","g"')],
  ['a channel that is no name', valid.replace('"room"', '"no room"')],
  ['a result that is none', '{"t":"ack","c":"room","p":"p","s":1,"ep":"e","r":[true]}'],
  ['limits of 0', JSON.stringify(welcome({ limits: { items: 0 } }))],
];

describe.each(GARBAGE)('a message that is %s', (_, data) => {
  it('ends the connection: 4400 for the server, a retry with 1007 for the client, and nothing of it is acted on', async () => {
    const { client, clock, server, errors, read } = stage();
    const seen = read('room');
    await clock.advance(10_000);
    server.peer.sendRaw(data);
    // Behind a message that was not understood nothing may be taken for contiguous.
    server.peer.send(msg('room', 1));
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({
      state: 'waiting',
      reason: { code: 1007, name: 'invalid-data', by: 'client', opened: true, error: { code: 'connection-lost' } },
    });
    expect(server.peer.closed).toEqual({ by: 'client', code: 4400 });
    expect(seen).toEqual([]);
    expect(errors).toEqual([]);

    server.follow({ sub: (frame, peer) => peer.send(subbed(frame, { items: [entry(1)] })) });
    await clock.advance(1000);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peer.got('sub')).toMatchObject([{ cur: ['epoch', 0, ''] }]);
    expect(seen.map(({ data: delivered }) => delivered)).toEqual([1]);
  });

  it('in place of a welcome is an attempt that failed', async () => {
    const { client, clock, server } = stage({ hello: (_hello, peer) => peer.sendRaw(data) });
    client.connect();
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({
      state: 'waiting',
      attempt: 2,
      retryAt: clock.now() + 250,
      reason: { code: 1007, error: { code: 'connection-failed' } },
    });
    expect(server.peer.closed).toEqual({ by: 'client', code: 4400 });
  });
});

describe('what a later version may add', () => {
  it('is ignored: unknown frames, unknown keys, unknown caps, an empty batch', async () => {
    const { client, clock, server, errors, read } = stage({
      hello: (_, peer) =>
        peer.sendRaw(
          JSON.stringify({ ...welcome({ caps: ['teleport'] }), region: 'eu', limits: { ...welcome().limits, wishes: 3 } }),
        ),
      sub: (frame, peer) => peer.sendRaw(JSON.stringify({ ...subbed(frame), pres: { v: 1 } })),
      ping: (frame, peer) => {
        pong(frame, peer);
        peer.sendRaw('[]');
      },
    });
    const seen = read('room');
    await clock.advance(0);
    server.peer.sendRaw(
      JSON.stringify([
        { t: 'res', id: 'r-1', d: 1 },
        { t: 'poll', c: 'room', v: 1 },
        { t: '__proto__' },
        { t: 'constructor', c: 'room' },
        { t: 'toString' },
        { t: 'news', items: [{ id: 1 }], b: '*' },
        { ...msg('room', 1), extra: { deep: [null] } },
        { t: 'msg', c: 'room', items: [{ ...entry(2), colour: 'red' }] },
      ]),
    );
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(seen.map(({ data, cursor }) => [data, cursor?.offset])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(server.peers).toHaveLength(1);
    expect(server.peer.got().map(({ t }) => t)).toEqual(['hello', 'sub', 'ping']);
    expect(errors).toEqual([]);
  });

  it('changes no prototype', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    const polluting = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    server.peer.sendRaw(
      `{"t":"msg","c":"room","__proto__":{"polluted":1},"items":[{"id":"a","e":"x","d":${polluting},"o":1,"g":"t"}]}`,
    );
    await clock.advance(0);
    expect(seen).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
