import type { Exchange, ExchangeListener, HeaderTable } from '../../../server/http/exchange.ts';
import type { Codec, Encoded } from '../../../src/protocol/codec.ts';
import { fromBase64url } from '../../../src/protocol/base64url.ts';
import type { ClientFrame, Hello, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { createDeferred, decodeAll, type FrameOf, type House } from './support.ts';

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: HeaderTable;
  readonly codec?: Codec;
  readonly frames?: readonly ClientFrame[];
  /** In place of `frames`. */
  readonly body?: Encoded;
  /** The body never ends. */
  readonly hangs?: boolean;
  /** The body comes then. */
  readonly after?: Promise<void>;
}

/** A request as the test sees it, and what became of it. */
export interface Reply {
  readonly status: number | null;
  readonly headers: HeaderTable;
  readonly state: 'open' | 'answered' | 'streaming' | 'ended' | 'gone';
  /** How many messages came: one answer, or events. */
  readonly messages: readonly Encoded[];
  readonly frames: readonly ServerFrame[];
  readonly text: string;
  /** Resolves with the head. */
  readonly answered: Promise<void>;
  of<T extends ServerFrame['t']>(type: T): FrameOf<T>[];
  /** The peer goes away. */
  abort(): void;
  /** While shut, what is written stays. */
  shut(): void;
  take(): void;
}

export const TYPES: Readonly<Record<string, string>> = { json: 'application/json', msgpack: 'application/vnd.msgpack' };

export function request({ server }: Pick<House, 'server'>, asked: Asked): Reply {
  const { method = 'POST', path, codec = json(), frames = [], hangs = false, after } = asked;
  const body = asked.body ?? codec.join(frames.map((frame) => codec.encode(frame)));
  const headers: HeaderTable = { 'content-type': TYPES[codec.name]!, host: 'app.test', ...asked.headers };
  let status: number | null = null;
  let table: HeaderTable = {};
  const { promise: answered, resolve: onAnswered } = createDeferred<void>();
  let state: Reply['state'] = 'open';
  let listener: ExchangeListener | null = null;
  let [text, waiting] = ['', ''];
  let shut = false;
  const messages: Encoded[] = [];
  const close = (next: Reply['state']): void => {
    if (state === 'gone' || state === 'answered' || state === 'ended') throw new Error(`${next} after ${state}`);
    state = next;
    queueMicrotask(() => listener?.onClose());
  };
  const head = (code: number, given: HeaderTable): void => {
    if (status !== null) throw new Error('a second head');
    [status, table] = [code, given];
    onAnswered();
  };
  const exchange: Exchange = {
    method,
    path,
    ip: '192.0.2.1',
    header: (name) => headers[name] ?? null,
    async read(most) {
      if (hangs) return new Promise(() => undefined);
      await after;
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
      return bytes.length > most ? null : bytes;
    },
    answer(code, given, data) {
      if (state === 'gone') return;
      head(code, given);
      if (data !== null) messages.push(data);
      close('answered');
    },
    begin(code, given) {
      head(code, given);
      state = 'streaming';
    },
    write(data) {
      if (state !== 'streaming') throw new Error(`written while ${state}`);
      if (shut) waiting += data;
      else text += data;
    },
    end: () => close('ended'),
    get buffered() {
      return waiting.length;
    },
    listen: (given) => void (listener = given),
  };
  const events = (): Encoded[] =>
    text.split('\n\n').flatMap((event) => {
      if (!event.startsWith('data: ')) return [];
      return [codec.binary ? fromBase64url(event.slice(6))! : event.slice(6)];
    });
  const reply: Reply = {
    get status() {
      return status;
    },
    get headers() {
      return table;
    },
    get state() {
      return state;
    },
    get messages() {
      return [...messages, ...events()];
    },
    get frames() {
      return this.messages.flatMap((message) => decodeAll(codec, message));
    },
    get text() {
      return text;
    },
    answered,
    of: (type) => reply.frames.filter((frame): frame is never => frame.t === type),
    abort: () => close('gone'),
    shut: () => void (shut = true),
    take() {
      shut = false;
      text += waiting;
      waiting = '';
      listener?.onDrain();
    },
  };
  server.serve(exchange);
  return reply;
}

export const hello = (more: Partial<Hello> = {}): Hello => ({ t: 'hello', v: [1, 1], client: 'page', gen: 1, ...more });

/** A request of a path and what became of it at once. */
export async function ask(house: House, path: string, frames: readonly ClientFrame[], more: Partial<Asked> = {}): Promise<Reply> {
  const reply = request(house, { path, frames, ...more });
  await house.clock.settle();
  await house.clock.settle();
  return reply;
}

export async function memoryOf(house: House): Promise<string> {
  return house.broker.memory();
}
