// Holds I15 (docs/guarantees.md).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { clientFrame } from '../../support/frames.ts';
import { createHouse } from './support.ts';

const bytes = (...list: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(list);

describe('I15: hostile input', () => {
  it.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['no JSON', '{"t":'],
    ['a number', '5'],
    ['null', 'null'],
    ['a frame without a type', '{"c":"room:1"}'],
    ['a list in a list', '[[{"t":"ping"}]]'],
    ['a channel that is no name', '{"t":"sub","c":"a b","k":1}'],
    ['an unsafe integer', '{"t":"sub","c":"a","k":9007199254740993}'],
    ['a negative one', '{"t":"pub","c":"a","p":"p","s":-1,"items":[]}'],
    ['an object where an array belongs', '{"t":"pub","c":"a","p":"p","s":1,"items":{"length":1}}'],
    ['a cursor of the wrong length', '{"t":"sub","c":"a","k":1,"cur":["e",1]}'],
    ['bytes that are no text', bytes(0xff, 0xfe, 0x00)],
    ['b that is not base64url', '{"t":"tell","c":"a","id":"i","e":"x","b":"***"}'],
    ['deep nesting around frames', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('%s ends the connection with 4400', async (_what, data) => {
    const house = createHouse();
    const peer = await house.enter();
    peer.raw(data);
    await house.clock.settle();
    expect([peer.closed?.code, peer.last('bye')?.code]).toEqual([4400, 4400]);
    expect(house.count('faults')).toBe(0);
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['an array of 4 billion', bytes(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ['a map of 4 billion', bytes(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ['a string of 4 GB', bytes(0xdb, 0xff, 0xff, 0xff, 0xff)],
    ['arrays in arrays', new Uint8Array(100_000).fill(0x91)],
    ['nothing', bytes()],
  ])('MessagePack that claims %s ends the connection with 4400, at once', async (_what, data) => {
    const house = createHouse();
    const peer = await house.enter({}, { codec: msgpack() });
    peer.raw(data);
    await house.clock.settle();
    expect(peer.closed?.code).toBe(4400);
    expect(house.count('faults')).toBe(0);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    'types, events and channels called %s are only names',
    async (name) => {
      const house = createHouse();
      const peer = await house.enter();
      peer.raw(JSON.stringify({ t: name }));
      peer.raw(`{"t":"sub","c":"${name}","k":1}`);
      peer.raw(`{"t":"pub","c":"room:1","p":"${name}","s":1,"first":true,"items":[{"id":"${name}","e":"${name}","d":{"x":1}}]}`);
      peer.raw(`{"t":"pub","c":"room:1","p":"${name}","s":2,"items":[{"id":"b","e":"x","d":{"__proto__":{"polluted":true}}}]}`);
      await house.clock.settle();
      expect(peer.closed).toBeNull();
      expect(peer.last('unsubbed')?.code).toBe('forbidden');
      expect(peer.of('ack').flatMap(({ r }) => r)).toEqual([
        [1, expect.any(String)],
        { code: 'invalid', message: expect.any(String) },
      ]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  const throwsNothing = async (
    codec: ReturnType<typeof json>,
    messages: readonly (string | Uint8Array<ArrayBuffer>)[],
  ): Promise<void> => {
    const house = createHouse({ authenticate: () => ({ user: null }) });
    const peer = await house.enter({}, { codec });
    for (const message of messages) peer.raw(message);
    await house.clock.settle();
    expect(house.events.filter(({ name }) => name === 'connection-failed')).toEqual([]);
    expect(house.count('faults')).toBe(0);
    // Another connection is as well as before.
    const other = await house.enter();
    other.send({ t: 'ping', x: 1 });
    await house.clock.settle();
    expect(other.last('pong')).toEqual({ t: 'pong', x: 1 });
  };

  it('any JSON is answered with a code, never with an exception', async () => {
    const almost = fc.oneof(fc.jsonValue(), fc.record({ t: fc.constantFrom('sub', 'pub', 'tell', 'auth', 'hello', 'bye'), c: fc.jsonValue(), k: fc.jsonValue(), items: fc.jsonValue(), s: fc.jsonValue(), p: fc.jsonValue(), done: fc.jsonValue() })); // prettier-ignore
    await fc.assert(fc.asyncProperty(fc.array(almost, { maxLength: 5 }), (list) => throwsNothing(json(), list.map((value) => JSON.stringify(value)))), { numRuns: 100 }); // prettier-ignore
  });

  it('any bytes are answered with a code, never with an exception', async () => {
    const any = fc.uint8Array({ maxLength: 200 }).map((list) => new Uint8Array(list));
    await fc.assert(
      fc.asyncProperty(fc.array(any, { maxLength: 5 }), (list) => throwsNothing(msgpack(), list)),
      { numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(any, { maxLength: 5 }), (list) => throwsNothing(json(), list)),
      { numRuns: 50 },
    );
  });

  it('any well-formed frames in any order are answered, never with an exception', async () => {
    const known = fc.record({ c: fc.constantFrom('room:1', 'room:2') }, { requiredKeys: [] });
    const frame: fc.Arbitrary<ClientFrame> = fc.tuple(clientFrame, known).map(([any, c]) => ({ ...any, ...c }));
    for (const codec of [json(), msgpack()]) {
      await fc.assert(
        fc.asyncProperty(fc.array(frame, { maxLength: 20 }), (frames) => throwsNothing(codec, frames.map((each) => codec.encode(each)))),
        { numRuns: 60 },
      ); // prettier-ignore
    }
  });
});
