// Holds I14 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../../src/protocol/frame.ts';
import { ack, entry, msg, subbed, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();
const MANY = 10_000;
const numbers = Array.from({ length: MANY }, (_, index) => index + 1);

describe('ten thousand frames in one batch', () => {
  it('of entries are delivered once each, in order, and the status is told once', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    let changes = 0;
    client.channel('room').status.subscribe(() => (changes += 1));
    await clock.advance(0);
    changes = 0;
    server.peer.send(...numbers.map((o) => msg('room', o)));
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual(numbers);
    expect(changes).toBe(0);
    expect(server.peer.got('sub')).toHaveLength(1);
    server.peer.die();
    await clock.advance(250);
    expect(server.peer.got('sub')).toMatchObject([{ cur: ['epoch', MANY, `t-${MANY}`] }]);
  });

  it('of entries in one answer, each of them twice, are delivered once', async () => {
    const { clock, server, read } = stage({
      sub: (frame, peer) => peer.send(subbed(frame, { cur: ['epoch', MANY, `t-${MANY}`], items: numbers.map((o) => entry(o)) })),
    });
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(...numbers.map((o) => msg('room', o)));
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual(numbers);
  });

  it('in which one is missing cause one sub, and nothing behind the hole is delivered', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.follow({ sub: () => {} });
    server.peer.send(...numbers.filter((o) => o !== 5001).map((o) => msg('room', o)));
    await clock.advance(0);
    expect(seen).toHaveLength(5000);
    expect(server.peer.got('sub').slice(1)).toMatchObject([{ cur: ['epoch', 5000, 't-5000'] }]);
  });

  it('of volatile messages are delivered once each, as far back as ids are remembered', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    const tells = numbers.map((n): ServerFrame => ({ t: 'tell', c: 'room', id: `v-${n}`, e: 'message', d: n }));
    server.peer.send(...tells, ...tells.slice(-1000));
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual(numbers);
  });

  it('of acks, nacks and refusals that nobody waits for do nothing', async () => {
    const { client, clock, server, states, errors } = stage();
    client.connect();
    await clock.advance(0);
    const lane = { c: 'room', p: 'p' };
    server.peer.send(
      ...numbers.map((s): ServerFrame => {
        if (s % 3 === 0) return { t: 'ack', ...lane, s, ep: 'e', r: [[s, 't']] };
        if (s % 3 === 1) return { t: 'nack', ...lane, s, code: 'unavailable' };
        return { t: 'unsubbed', c: 'room', code: 'forbidden', retry: false };
      }),
    );
    await clock.advance(20_000);
    expect(states).toEqual(['connecting', 'connected']);
    expect(server.peer.got().map(({ t }) => t)).toEqual(['hello', 'ping']);
    expect(errors).toEqual([]);
  });

  it('that are unknown are left out', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.peer.sendRaw(JSON.stringify([...numbers.map((n) => ({ t: `later-${n}` })), msg('room', 1)]));
    await clock.advance(0);
    expect(seen).toHaveLength(1);
  });
});

describe('a thousand publications at once', () => {
  it('go out 64 at a time, in order, and each is accepted once', async () => {
    let open = 0;
    let most = 0;
    const { client, clock, server, outcomes } = stage({
      hello: (_, peer) => peer.send(welcome()),
      pub(frame, peer) {
        open += frame.items.length;
        most = Math.max(most, open);
        // Answered a little later, so that the window fills.
        queueMicrotask(() => {
          open -= frame.items.length;
          peer.send(ack(frame, frame.s));
        });
      },
    });
    const receipts = Array.from({ length: 1000 }, (_, n) => client.channel('room').publish('message', n));
    await clock.advance(0);
    await client.outbox.drain();
    expect(most).toBe(64);
    expect(
      server.peer
        .got('pub')
        .flatMap(({ items }) => items)
        .map((item) => 'd' in item && item.d),
    ).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    expect(outcomes.map(({ id }) => id)).toEqual(receipts.map(({ id }) => id));
  });
});
