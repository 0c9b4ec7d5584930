import { describe, expect, it } from 'vitest';
import type { ServerOptions } from '../../server/index.ts';
import { json } from '../../src/index.ts';
import type { Hello } from '../../src/protocol/frame.ts';
import type { Target } from '../../src/transports/transport.ts';
import type { Channel } from '../../src/types.ts';
import { until } from '../support/until.ts';
import { presenceOver } from './transport-presence.ts';
import { LACKS, type TransportUnderTest, WAIT, isLive, startGround, watchedEnvironment } from './transport-kit.ts';
import { requestsContract } from './transport-requests.ts';

export type { TransportUnderTest } from './transport-kit.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** What every transport must do before real servers, whatever is between. */
export function transportContract(name: string, subject: TransportUnderTest): void {
  requestsContract(name, subject);
  describe(`transport: ${name}`, () => {
    const lacks = subject.lacks ?? {};
    const arrived = (list: () => readonly unknown[], count: number): Promise<void> =>
      until(
        () => list().length >= count,
        WAIT,
        () => `all ${count} are there, not ${list().length}`,
      );

    it.each(Object.entries(lacks))('lacks %s, which it may: %s', (lack, why) => {
      expect(LACKS).toContain(lack);
      expect(why).toMatch(/\w+ \w+/);
    });

    it('keeps the order, in both directions at once', async () => {
      const ground = await startGround(subject);
      const [writer, reader] = [ground.visit(), ground.visit()];
      const room = await writer.join('room');
      await reader.join('room');
      const receipts = [];
      for (const n of upTo(150)) {
        receipts.push(room.publish('n', n));
        await ground.publish('room', 1000 + n);
        if (n % 25 === 24) await receipts.at(-1)!.accepted;
      }
      await arrived(() => reader.heard('room'), 300);
      await arrived(() => writer.heard('room'), 300);
      expect(writer.heard('room')).toEqual(reader.heard('room'));
      expect(reader.heard('room').filter((n) => (n as number) < 1000)).toEqual(upTo(150));
      expect(reader.heard('room').filter((n) => (n as number) >= 1000)).toEqual(upTo(150).map((n) => 1000 + n));
    });

    it('sends what comes together as one, and few requests for many channels', async () => {
      const ground = await startGround(subject);
      const visitor = ground.visit();
      const room = await visitor.join('room');
      const before = visitor.sent();
      const others = upTo(100).map((n) => visitor.client.channel(`c${n}`));
      for (const other of others) other.subscribeAll(() => {});
      await Promise.all(others.map(isLive));
      await Promise.all(upTo(60).map((n) => room.publish('n', n).accepted));
      // A held poll is asked for anew after each answer; one for each channel would be a hundred.
      expect(visitor.sent() - before).toBeLessThanOrEqual(12);
    });

    it('splits what is too large, and gives up only the item that is too large alone', async () => {
      const ground = await startGround(subject, { limits: { message: 3000 } });
      const visitor = ground.visit();
      const room = await visitor.join('room');
      const sizes = [100, 900, 900, 900, 900, 5000, 100, 900];
      const receipts = sizes.map((size) => room.publish('n', 'x'.repeat(size)));
      const ends = await Promise.allSettled(receipts.map(({ accepted }) => accepted));
      expect(ends.map(({ status }) => status === 'fulfilled')).toEqual(sizes.map((size) => size < 5000));
      expect(ends[5]).toMatchObject({ reason: { code: 'too-large' } });
      await arrived(() => visitor.heard('room'), 7);
      expect(visitor.heard('room').map((text) => (text as string).length)).toEqual(sizes.filter((size) => size < 5000));
    });

    it('sends no more at once than the server takes', async () => {
      const ground = await startGround(subject, { limits: { message: 3000 } });
      const visitor = ground.visit();
      const room = await visitor.join('room');
      // Too large for a packet of their own, where a transport has such a thing.
      expect(upTo(10).map(() => room.publishVolatile('n', 'x'.repeat(1400)))).toEqual(upTo(10).map(() => true));
      await room.publish('n', 'last').accepted;
      await until(() => visitor.heard('room').includes('last'), WAIT, 'the last one is heard');
      expect(visitor.states.filter((state) => state.startsWith('waiting'))).toEqual([]);
    });

    if (lacks.ownSubscriptions === undefined) {
      it('sends no more at once than the server takes, of subscriptions too', async () => {
        const ground = await startGround(subject, { limits: { message: 3000 } });
        const visitor = ground.visit();
        await visitor.join('room');
        await Promise.all(upTo(60).map((n) => visitor.join(`${'c'.repeat(90)}${n}`)));
        expect(visitor.states.filter((state) => state.startsWith('waiting'))).toEqual([]);
      });
    }

    it.each<readonly [what: string, options: Partial<ServerOptions>, state: string]>([
      ['its token is refused, again', { authenticate: () => null }, 'closed server token-rejected'],
      [
        'the server cannot check its token',
        { authenticate: () => Promise.reject(new Error('no')), onEvent() {} },
        'waiting server try-later',
      ],
      ['the server says nothing', { authenticate: () => new Promise(() => {}) }, 'waiting client open-timeout'],
    ])('tells why there is no connection: %s', async (_what, options, state) => {
      const ground = await startGround(subject, options);
      const { client, states } = ground.visit({ getToken: () => 'token', timing: { openTimeout: 300 } });
      client.on('error', () => {});
      client.connect();
      await until(
        () => states.includes(state),
        WAIT,
        () => `${state} is among ${states.join(', ')}`,
      );
    });

    it('reads the past page by page, as long as a page may be, while publications go on', async () => {
      const ground = await startGround(subject);
      const visitor = ground.visit();
      const text = 'x'.repeat(4000);
      const room = visitor.client.channel('room');
      await Promise.all(upTo(100).map((n) => room.publish('n', { n, text }).accepted));
      const other = await visitor.join('other');
      const receipts = upTo(20).map((n) => other.publish('n', n).accepted);
      const pages = await Promise.all(upTo(6).map(() => room.history({ limit: 60 })));
      const olders = await Promise.all(pages.map(async ({ older }) => older!()));
      await Promise.all(receipts);
      for (const [at, { messages }] of pages.entries()) {
        const all = [...messages, ...olders[at]!.messages];
        expect(all.map(({ data }) => (data as { n: number }).n)).toEqual(upTo(100).reverse());
        expect(all.every(({ data, own }) => own && (data as { text: string }).text === text)).toBe(true);
        expect(olders[at]).toMatchObject({ older: null, trimmed: false });
      }
      expect(room.status.get().state).toBe('idle');
    });

    presenceOver(subject);

    it('waits for a slow page without holding up anything else', async () => {
      const released: (() => void)[] = [];
      const slow = (): Promise<boolean> => new Promise((resolve) => released.push(() => resolve(true)));
      const ground = await startGround(subject, {
        channels: { slow: { subscribe: slow, publish: true }, '{room}': { subscribe: true, publish: true } },
      });
      const visitor = ground.visit();
      const room = await visitor.join('room');
      const pages = upTo(4).map(() => visitor.client.channel('slow').history());
      await until(() => released.length === 4, WAIT, 'all four are being judged');
      for (const n of upTo(3)) await room.publish('n', n).accepted;
      await arrived(() => visitor.heard('room'), 3);
      released.forEach((release) => release());
      expect((await Promise.all(pages)).map(({ messages }) => messages)).toEqual([[], [], [], []]);
    });

    it('is told when the server drains, and goes on where there is one', async () => {
      const ground = await startGround(subject);
      const visitor = ground.visit();
      await visitor.join('room');
      const drained = ground.servers.map((server) => server.drain({ spread: 10 }));
      await until(
        () => visitor.states.includes('waiting server going-away'),
        WAIT,
        () => `it is among ${visitor.states.join(', ')}`,
      );
      await Promise.all(drained);
      expect(ground.servers.map((server) => server.metrics.get()['connections'])).toEqual(ground.servers.map(() => 0));
    });

    it('renews its token without a new connection', async () => {
      const seen = new Set<string | null>();
      const ground = await startGround(subject, {
        authenticate({ token }) {
          seen.add(token);
          return { user: { id: 'ada' }, expiresAt: Date.now() + (token === 'token-1' ? 1000 : 60_000) };
        },
      });
      let tokens = 0;
      const visitor = ground.visit({ user: 'ada', getToken: () => `token-${(tokens += 1)}` });
      const room = await visitor.join('room');
      await until(() => seen.has('token-2'), WAIT, 'the second token has come');
      for (const n of upTo(20)) await ground.publish('room', n);
      await room.publish('n', 20).accepted;
      await arrived(() => visitor.heard('room'), 21);
      expect(visitor.heard('room')).toEqual(upTo(21));
      expect(visitor.states.filter((state) => state.startsWith('waiting'))).toEqual([]);
      expect(tokens).toBe(2);
    });

    it('says nothing of a channel after it was left, whatever was on its way', async () => {
      const ground = await startGround(subject);
      const visitor = ground.visit({ timing: { releaseAfter: 1 } });
      await visitor.join('other');
      const late: number[] = [];
      let published = 0;
      for (let turn = 0; turn < 15; turn += 1) {
        const room: Channel = visitor.client.channel('room');
        let life: 'on' | 'off' = 'on';
        const stop = room.subscribeAll(({ data }) => {
          if (life === 'off') late.push(data);
        });
        if (turn % 3 > 0) await isLive(room);
        const under = upTo(3).map(() => ground.publish('room', (published += 1)));
        if (turn % 2 === 0) await under[0];
        stop();
        life = 'off';
        await Promise.all(under);
      }
      // What was on its way before this is there before it.
      await ground.publish('other', 'last');
      await until(() => visitor.heard('other').includes('last'), WAIT, 'the other channel still hears');
      expect(late).toEqual([]);
      expect(visitor.states.filter((state) => state.startsWith('waiting'))).toEqual([]);
    });

    it('is found dead after a hint, and another one goes on', async () => {
      const ground = await startGround(subject);
      await using way = await ground.way();
      const visitor = ground.visit({}, way.port);
      const room = await visitor.join('room');
      await room.publish('n', 0).accepted;
      expect(way.halfOpen()).toBeGreaterThan(0);
      const receipt = room.publish('n', 1);
      await ground.publish('room', 2);
      const steps: unknown[] = [];
      visitor.client.on('trace', ({ detail }) => steps.push(detail));
      visitor.hint('online');
      await arrived(() => visitor.heard('room'), 3);
      await receipt.accepted;
      expect([...visitor.heard('room')].sort()).toEqual([0, 1, 2]);
      // Without this a way that was never broken would pass.
      expect(steps).toContainEqual({ from: 'doubting', to: 'preparing' });
    });

    if (lacks.buffer === undefined) {
      it('tells what it holds: more while nothing gets through, nothing once all has', async () => {
        const ground = await startGround(subject);
        await using way = await ground.way();
        const { environment } = watchedEnvironment(subject);
        const hello: Hello = { t: 'hello', v: [1, 1], client: 'page', gen: 1 };
        const target: Target = {
          url: `http://127.0.0.1:${way.port}/realtime`,
          ...{ codec: json(), environment, hello: () => hello, opening: () => [hello] },
        };
        const [came, ends]: [string[], unknown[]] = [[], []];
        const link = subject.make().open(target, {
          onFrames: (frames) => frames.forEach(({ t }) => came.push(t)),
          onEnd: (end) => ends.push(end),
        });
        try {
          await until(() => came.includes('welcome'), WAIT, 'it is welcomed');
          expect(link.buffered).toBe(0);
          way.stall('up');
          const most = 65_536;
          const text = 'x'.repeat(most / 2);
          // More than the systems of both sides take.
          const count = 400;
          for (const n of upTo(count)) link.send([{ t: 'tell', c: 'room', id: `t${n}`, e: 'e', d: text }], most);
          expect(link.buffered).toBeGreaterThan((count * text.length) / 2);
          way.heal();
          await until(
            () => link.buffered === 0,
            WAIT,
            () => `nothing is held, and not ${link.buffered} bytes`,
          );
          expect(ends).toEqual([]);
        } finally {
          link.close();
        }
      });
    }

    it('leaves nothing behind, on either side', async () => {
      // A proxy may notice only at the next event that nobody takes them any more.
      const ground = await startGround(subject, { timing: { ping: 300 } });
      const visitor = ground.visit();
      const room = await visitor.join('room');
      await room.publish('n', 0).accepted;
      void room.publish('n', 1).accepted;
      visitor.client.destroy();
      const open = (): number[] => ground.servers.map((server) => server.metrics.get()['connections']!);
      const held = (): number[] => Object.values(visitor.held());
      await until(
        () => [...open(), ...held()].every((n) => n === 0),
        WAIT,
        () => `nothing is left of ${JSON.stringify([open(), visitor.held()])}`,
      );
      const sent = visitor.sent();
      await ground.publish('room', 2);
      expect(visitor.sent()).toBe(sent);
    });
  });
}
