/** What has to hold in every engine, on every transport that it has. Runs in the page. */
import { type CodecName, type Scene, type TransportName, type Where, createScene, same, until } from './kit.ts';

export interface Check {
  readonly name: string;
  run(where: Where, transport: TransportName, codec: CodecName): Promise<void>;
}

const COUNT = 200;
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** Each once, in order, and nothing broke meanwhile. */
function expectWhole({ got, client, steps }: Scene, name: TransportName, count: number): void {
  same(got.map(({ cursor }) => cursor!.offset), range(count).map((n) => n + 1), 'offsets'); // prettier-ignore
  const status = client.status.get();
  same(status.state === 'connected' && status.transport, name, 'transport');
  same(
    steps.filter((step) => /ended|fatal|silence/.test(step)),
    [],
    'steps',
  );
}

const traffic: Check = {
  name: `carries ${COUNT} publications and ${COUNT} messages, in order, once each`,
  async run(where, name, codec) {
    const scene = createScene(where, name, codec);
    const { room, got } = scene;
    await scene.begin();
    const bytes = Uint8Array.of(0, 128, 255);
    const data = (n: number): unknown => (codec === 'msgpack' && n % 50 === 0 ? bytes : `grüße ${n} 🚢`);
    const publishing = range(COUNT).map((n) => room.publish('message', data(n)).accepted);
    await Promise.all([scene.publishes(COUNT), ...publishing]);
    await until(
      () => got.length >= 2 * COUNT,
      'all here',
      () => String(got.length),
    );
    expectWhole(scene, name, 2 * COUNT);
    const texts = (own: boolean): readonly unknown[] =>
      got.filter((message) => message.own === own).map((message) => message.data);
    same(texts(true).map((one) => (one instanceof Uint8Array ? [...one] : one)), range(COUNT).map(data).map((one) => (one === bytes ? [...bytes] : one)), 'own'); // prettier-ignore
    same(texts(false), range(COUNT), 'of the back end');
    const offsets = (await Promise.all(publishing)).map(({ cursor }) => cursor!.offset);
    same(offsets, got.filter(({ own }) => own).map(({ cursor }) => cursor!.offset), 'cursors of the receipts'); // prettier-ignore
    scene.end();
  },
};

const subscribing: Check = {
  name: 'subscribes to more and to less while messages come',
  async run(where, name, codec) {
    const scene = createScene(where, name, codec);
    const { client, room, got } = scene;
    await scene.begin();
    const publishing = scene.publishes(COUNT);
    const others = range(5).map((n) => client.channel(`${room.name}-${n}`));
    const heard: unknown[] = [];
    for (const other of others) {
      const stop = other.subscribe('message', (message) => heard.push(message));
      await until(() => other.status.get().state === 'live', 'subscribed');
      await scene.publishes(2, other.name);
      await until(() => heard.length === 2, 'heard');
      same(heard.splice(0), [0, 1], 'of the other channel');
      stop();
    }
    await publishing;
    await until(
      () => got.length >= COUNT,
      'all here',
      () => String(got.length),
    );
    expectWhole(scene, name, COUNT);
    scene.end();
  },
};

const large: Check = {
  name: 'carries what is large',
  async run(where, name, codec) {
    const scene = createScene(where, name, codec);
    const { room, got } = scene;
    await scene.begin();
    // Text that zips well, and text that does not.
    const random = Array.from(crypto.getRandomValues(new Uint8Array(24_000)), (n) => n.toString(36)).join('');
    const texts = ['ü'.repeat(30_000), random];
    for (const text of texts) await room.publish('message', text).accepted;
    await until(() => got.length >= 2, 'both here');
    same(got.map(({ data }) => data === texts[0] || data === texts[1]), [true, true], 'texts'); // prettier-ignore
    expectWhole(scene, name, 2);
    scene.end();
  },
};

const tokens: Check = {
  name: 'refreshes its token without a break',
  async run(where, name, codec) {
    const asked: string[] = [];
    const getToken = ({ reason }: { readonly reason: string }): string => {
      asked.push(reason);
      return `ada ${asked.length}`;
    };
    const scene = createScene(where, name, codec, { getToken, user: 'ada' });
    const { room, got } = scene;
    await scene.begin();
    const { length } = asked;
    // The server gives a token six seconds. By a clock that runs faster silence is longer, so there is none.
    scene.clock.run(10);
    for (let n = 0; asked.length === length && n < 200; n += 1) await scene.publishes(1);
    await until(() => asked.length > length, 'asked for a token');
    scene.clock.run(1);
    // The second connection of a climb begins with the token of the first.
    same(asked, ['connect', ...asked.slice(1).map(() => 'refresh')], 'reasons');
    const { cursor } = await room.publish('message', length).accepted;
    await until(() => got.length >= cursor!.offset, 'all here');
    expectWhole(scene, name, cursor!.offset);
    scene.end();
  },
};

const refused: Check = {
  name: 'reads why it is refused',
  async run(where, name, codec) {
    const scene = createScene(where, name, codec, { getToken: () => 'nobody', user: 'ada' });
    scene.client.on('error', () => undefined);
    scene.client.connect();
    scene.clock.run(20);
    await until(() => scene.client.status.get().state === 'closed', 'closed', () => JSON.stringify(scene.client.status.get())); // prettier-ignore
    const status = scene.client.status.get();
    same(status.state === 'closed' && [status.reason.code, status.reason.error?.code], [4202, 'unauthorized'], 'reason');
    scene.end();
  },
};

const destroying: Check = {
  name: 'may be destroyed at any time',
  async run(where, name, codec) {
    for (const when of ['at once', 'opening', 'connected', 'publishing']) {
      const scene = createScene(where, name, codec);
      const { client, room } = scene;
      room.subscribe('message', () => {});
      if (when === 'opening') await new Promise((resolve) => setTimeout(resolve, 2));
      if (when === 'connected' || when === 'publishing') await until(() => client.status.get().state === 'connected', when);
      const accepted = when === 'publishing' ? range(10).map((n) => room.publish('message', n).accepted) : [];
      scene.end();
      const outcomes = (await Promise.allSettled(accepted)).map(({ status }) => status);
      same(outcomes, accepted.map(() => 'rejected'), 'outcomes'); // prettier-ignore
    }
  },
};

export const CHECKS: readonly Check[] = [traffic, subscribing, large, tokens, refused, destroying];
