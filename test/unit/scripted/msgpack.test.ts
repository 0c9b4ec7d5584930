import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { ack, entry, msg } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();
const bytes = new Uint8Array([0, 1, 127, 128, 255]);

describe.each([
  ['json', json, 'string'],
  ['msgpack', msgpack, 'object'],
] as const)('with %s', (name, codec, kind) => {
  it('every message is of its kind, in its subprotocol, and everything arrives as it was', async () => {
    const { client, clock, server, read } = stage({ pub: (frame, peer) => peer.send(ack(frame, 1)) }, { codec: codec() });
    const seen = read('room');
    const data = [{ text: 'Grüße 👋', list: [1, -1.5, null, true], nested: { deep: [[]] } }, bytes, undefined, 0];
    const receipts = data.map((item) => client.channel('room').publish('message', item));
    client.channel('room').publishVolatile('moved', bytes);
    await clock.advance(0);
    expect(client.channel('room').publishVolatile('moved', bytes)).toBe(true);
    await clock.advance(0);
    expect(server.peer.protocols).toEqual([`holdfast.1.${name}`]);
    expect([...new Set(server.peer.raw.map((message) => typeof message))]).toEqual([kind]);
    await Promise.all(receipts.map(({ accepted }) => accepted));
    const items = server.peer.got('pub').flatMap((pub) => pub.items);
    expect(items.map((item) => ('d' in item ? item.d : undefined))).toEqual(data);
    expect(server.peer.got('tell').map(({ d }) => d)).toEqual([bytes]);

    const entries = data.map((d, index): Entry =>
      d === undefined ? { id: 'none', e: 'message', o: index + 1, g: 't' } : entry(index + 1, d),
    );
    server.peer.send({ t: 'msg', c: 'room', items: entries }, { t: 'tell', c: 'room', id: 'v', e: 'moved', d: bytes });
    await clock.advance(0);
    expect(seen.map((message) => message.data)).toEqual([...data, bytes]);
    // Not a view into a message that holds much else.
    expect(seen[1]?.data.buffer.byteLength).toBe(bytes.length);
  });

  it('a reconnect resumes from the cursor', async () => {
    const { clock, server, read } = stage({}, { codec: codec() });
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(msg('room', 1, 2));
    server.peer.die();
    await clock.advance(250);
    expect(server.peer.got('sub')).toMatchObject([{ cur: ['epoch', 2, 't-2'] }]);
    server.peer.send(msg('room', 2, 3));
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([1, 2, 3]);
  });
});

describe('a msgpack client', () => {
  it.each<[string, string | Uint8Array]>([
    ['text', '{"t":"ping"}'],
    ['bytes that are cut short', (msgpack().encode(msg('room', 1)) as Uint8Array).slice(0, -1)],
    ['bytes with something behind', new Uint8Array([...(msgpack().encode(msg('room', 1)) as Uint8Array), 0xc0])],
    ['nothing', new Uint8Array()],
    ['a header that promises four billion elements', new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff])],
    ['a timestamp', new Uint8Array([0xd6, 0xff, 0, 0, 0, 0])],
  ])('ends the connection over %s, and comes back', async (_, data) => {
    const { client, clock, server, read } = stage({}, { codec: msgpack() });
    const seen = read('room');
    await clock.advance(0);
    server.peer.sendRaw(data);
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'waiting', reason: { code: 1007, name: 'invalid-data', by: 'client' } });
    expect(server.peer.closed).toEqual({ by: 'client', code: 4400 });
    expect(seen).toEqual([]);
    await clock.advance(250);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
  });
});
