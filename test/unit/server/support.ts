import { memoryBroker } from '../../../server/brokers/memory.ts';
import type { Broker } from '../../../server/brokers/broker.ts';
import type { ServerEnvironment } from '../../../server/environment.ts';
import { createServerCore } from '../../../server/server.ts';
import type { ChannelRule, ServerCore, ServerEvent, ServerLine, ServerOptions, SocketInfo } from '../../../server/types.ts';
import type { Codec, Encoded } from '../../../src/protocol/codec.ts';
import type { ClientFrame, Hello, Item, Pub, ServerFrame, WireCursor } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { parseMessage } from '../../../src/protocol/parse.ts';
import { SERVER_FRAMES } from '../../../src/protocol/server-frames.ts';
import { createIds, createRandom } from '../../support/random.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** As late as an immediate of Node, for what a tick brings about by promises. */
function endOfTick(run: () => void, turns = 10): void {
  queueMicrotask(() => (turns === 0 ? run() : endOfTick(run, turns - 1)));
}

type Type = ServerFrame['t'];
export type FrameOf<T extends Type> = Extract<ServerFrame, { t: T }>;

/** A client that knows only frames, at the end of a cable of which the test holds the tap. */
export interface Peer {
  readonly frames: ServerFrame[];
  /** Messages of the transport, each a batch. */
  readonly messages: Encoded[];
  readonly closed: { readonly code: number; readonly reason: string } | null;
  readonly line: ServerLine;
  send(...frames: readonly ClientFrame[]): void;
  raw(data: Encoded): void;
  of<T extends Type>(type: T): FrameOf<T>[];
  last<T extends Type>(type: T): FrameOf<T> | undefined;
  /** Offsets of all entries that came, in order. */
  offsets(channel?: string): number[];
  /** While shut, what is sent stays in the socket's buffer. */
  shut(): void;
  /** Takes so many bytes, or all. */
  take(bytes?: number): void;
  /** The transport is gone without a word. */
  lose(): void;
  clear(): void;
}

export interface House {
  readonly clock: VirtualClock;
  readonly server: ServerCore;
  readonly broker: Broker;
  readonly events: ServerEvent[];
  connect(info?: Partial<SocketInfo>): Peer;
  /** Connected and welcomed. */
  enter(hello?: Partial<Hello>, info?: Partial<SocketInfo>): Promise<Peer>;
  count(name: string): number;
}

export const OPEN_RULES: ServerOptions['channels'] = { 'room:{id}': { subscribe: true, publish: true } };

export function createHouse(
  { broker: given, ...options }: Partial<ServerOptions> & { broker?: Broker } = {},
  more: Pick<Partial<ServerEnvironment>, 'gunzip' | 'defer'> = {},
  clock: VirtualClock = createVirtualClock(),
): House {
  const random = createRandom(7);
  const environment = {
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    random,
    createId: createIds(random),
    defer: (run: () => void) => endOfTick(run),
    ...more,
  };
  const broker = given ?? memoryBroker({ environment });
  const events: ServerEvent[] = [];
  const server = createServerCore({
    authenticate: ({ token }) => ({ user: token === null ? null : { id: token } }),
    channels: OPEN_RULES,
    onEvent: (event) => events.push(event),
    ...options,
    broker,
    environment,
  });
  let clients = 0;

  const connect = (info: Partial<SocketInfo> = {}): Peer =>
    createPeer(server, { codec: json(), origin: null, ip: '192.0.2.1', ...info });
  return {
    clock,
    server,
    broker,
    events,
    connect,
    async enter(hello = {}, info = {}) {
      const peer = connect(info);
      clients += 1;
      peer.send({ t: 'hello', v: [1, 1], client: `client-${clients}`, gen: 1, ...hello });
      await clock.settle();
      return peer;
    },
    count: (name) => server.metrics.get()[name] ?? 0,
  };
}

function createPeer(server: ServerCore, info: SocketInfo): Peer {
  const { codec } = info;
  const frames: ServerFrame[] = [];
  const messages: Encoded[] = [];
  const waiting: Encoded[] = [];
  let closed: Peer['closed'] = null;
  let shut = false;
  let buffered = 0;
  const deliver = (data: Encoded): void => {
    messages.push(data);
    frames.push(...decodeAll(codec, data));
  };
  const line = server.accept(
    {
      send(data) {
        if (closed !== null) throw new Error('sent after close');
        if (!shut) return deliver(data);
        waiting.push(data);
        buffered += data.length;
      },
      close(code, reason) {
        if (closed !== null) throw new Error('closed twice');
        closed = { code, reason };
        queueMicrotask(() => line.onClose());
      },
      get buffered() {
        return buffered;
      },
    },
    info,
  );
  const of = <T extends Type>(type: T): FrameOf<T>[] => frames.filter((frame): frame is FrameOf<T> => frame.t === type);
  return {
    frames,
    messages,
    get closed() {
      return closed;
    },
    line,
    of,
    last: (type) => of(type).at(-1),
    send: (...sent) => line.onMessage(codec.join(sent.map((frame) => codec.encode(frame)))),
    raw: (data) => line.onMessage(data),
    offsets(channel) {
      const own = frames.filter(
        (frame) => (frame.t === 'msg' || frame.t === 'subbed') && (channel === undefined || frame.c === channel),
      );
      return own.flatMap((frame) => ('items' in frame ? (frame.items ?? []) : [])).map((entry) => entry.o);
    },
    shut: () => void (shut = true),
    take(bytes = Infinity) {
      shut = bytes < buffered;
      buffered = Math.max(0, buffered - bytes);
      if (!shut) waiting.splice(0).forEach(deliver);
      line.onDrain();
    },
    lose() {
      line.onClose();
    },
    clear: () => void (frames.length = 0),
  };
}

/** Every frame of the server must pass the client's own parser. */
export function decodeAll(codec: Codec, data: Encoded): readonly ServerFrame[] {
  const parsed = parseMessage<ServerFrame>(codec, data, SERVER_FRAMES);
  if (!parsed.ok) throw new Error(`the server sent a bad frame: ${parsed.why}`);
  return parsed.frames;
}

export function items(count: number, from = 1, data: unknown = null): Item[] {
  return Array.from({ length: count }, (_, index) => ({ id: `i${from + index}`, e: 'message', d: data }));
}

/** Appends from the back end: one step each. */
export async function fill(server: ServerCore, channel: string, count: number, data: unknown = null): Promise<void> {
  for (let i = 0; i < count; i += 1) await server.publish(channel, 'message', data);
}

/** A promise that the test settles. */
export function createDeferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A lane from its start. */
export const pub = (s: number, list: Pub['items'], more: Partial<Pub> = {}): Pub => ({ t: 'pub', c: 'room:1', p: 'p', s, items: list, ...(s === 1 && { first: true }), ...more }); // prettier-ignore

/** A house with one kind of room, and ann in it. */
export const open = async (
  rule: ChannelRule = { subscribe: true, publish: true },
  options = {},
): Promise<{ house: House; peer: Peer }> => {
  const house = createHouse({ channels: { 'room:{id}': rule }, ...options });
  return { house, peer: await house.enter({ token: 'ann' }) };
};

export const top = async ({ server }: House, channel = 'room:1'): Promise<WireCursor> => {
  const { epoch, offset, tag } = await server.cursor(channel);
  return [epoch, offset, tag];
};
