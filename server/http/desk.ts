import { CLIENT_FRAMES } from '../../src/protocol/client-frames.ts';
import type { Codec } from '../../src/protocol/codec.ts';
import type { ClientFrame, Hello } from '../../src/protocol/frame.ts';
import { json } from '../../src/protocol/json.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import { parseMessage, type Parsed } from '../../src/protocol/parse.ts';
import type { Connections } from '../connections.ts';
import type { Trust } from '../origins.ts';
import { queueOf } from '../kind.ts';
import type { Services } from '../services.ts';
import type { SocketInfo, SocketKind, Turned } from '../types.ts';
import { grantedPing } from '../watch.ts';
import { Answer } from './answer.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { EventWriter, eventStream, PADDING } from './event-stream.ts';
import type { Exchange, HeaderTable } from './exchange.ts';
import { readMessage } from './message.ts';
import { FAULT, HEADERS, headersOf, METHOD, NOT_FOUND, type Refusal, refusalOf, NO_HELLO, TYPE, UNCODED } from './refusals.ts';

const KINDS: ReadonlyMap<string, SocketKind> = new Map([
  ['/sse', 'stream'],
  ['/poll', 'poll'],
  ['/send', 'send'],
]);

/**
 * How long a poll waits for a `sub` that is not answered, ms. Where there is news, that waits with it. Without news it is half
 * of what a client waits for the answer: one rule that hangs must not end the connection of all channels.
 */
const PATIENCE = { news: 1000, answer: 5000 } as const;

/** A request that was let in, and what it asks. */
interface Call {
  readonly exchange: Exchange;
  readonly info: SocketInfo;
  readonly headers: HeaderTable;
  readonly type: string;
  readonly parsed: Parsed<ClientFrame>;
  readonly size: number;
}

/** Where HTTP requests are taken in: turns them away, or makes each a connection. */
export class Desk {
  readonly #services: Services;
  readonly #connections: Connections;
  readonly #writer = new EventWriter();
  readonly #json = json();
  readonly #codecs: ReadonlyMap<string, Codec> = new Map([
    ['application/json', this.#json],
    ['application/vnd.msgpack', msgpack()],
  ]);

  constructor(services: Services, connections: Connections) {
    this.#services = services;
    this.#connections = connections;
  }

  serve(exchange: Exchange): void {
    this.#services.counters.requests += 1;
    const trust = this.#connections.trust(exchange.header('origin'), exchange.header('host'));
    const headers = { ...HEADERS, ...corsHeaders(exchange, trust) };
    this.#serve(exchange, trust, headers).catch((error: unknown) => {
      this.#services.report('connection-failed', { error, user: '' });
      this.#refuse(exchange, FAULT, headers);
    });
  }

  async #serve(exchange: Exchange, trust: Trust, headers: HeaderTable): Promise<void> {
    const kind = KINDS.get(exchange.path);
    const origin = exchange.header('origin');
    const host = exchange.header('host');
    if (kind === undefined) return this.#refuse(exchange, NOT_FOUND, headers);
    if (exchange.method === 'OPTIONS' && trust !== 'refused') {
      return exchange.answer(204, { ...headers, ...preflightHeaders(exchange) }, null);
    }
    if (exchange.method !== 'POST' && trust !== 'refused') return this.#refuse(exchange, METHOD, headers);
    const turned = this.#turnAway(origin, host, kind);
    if (turned !== null) return this.#refuse(exchange, turned, headers);
    const type = typeOf(exchange);
    const codec = this.#codecs.get(type);
    if (codec === undefined) return this.#refuse(exchange, TYPE, headers);
    const data = await readMessage(exchange, this.#services);
    if ('status' in data) return this.#refuse(exchange, data, headers);
    // Bytes that are no gzip are no message.
    const read = data.bytes === null ? UNCODED : parseMessage<ClientFrame>(codec, data.bytes, CLIENT_FRAMES);
    // Nothing else will come, so nothing is to be waited for.
    const parsed = read.ok && read.frames[0]?.t !== 'hello' ? NO_HELLO : read;
    const info = { codec, kind, origin, host, ip: exchange.ip, admitted: true };
    const call = { exchange, info, headers, type, parsed, size: data.size };
    if (kind === 'stream') this.#openStream(call);
    else this.#openAnswer(call);
  }

  /** As soon as it can be known: of a poll only its message tells whether it is a new connection. */
  #turnAway(origin: string | null, host: string | null, kind: SocketKind): Refusal | null {
    const turned = this.#connections.refuse(origin, host, kind) ?? (kind === 'stream' ? this.#connections.limit() : null);
    return turned === null ? null : this.#refusalOf(turned);
  }

  #refusalOf(turned: Turned): Refusal {
    return refusalOf(turned, this.#connections.byeOf(turned));
  }

  #openStream({ exchange, info, headers, parsed, size }: Call): void {
    exchange.begin(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    exchange.write(PADDING);
    const line = this.#connections.accept(eventStream(exchange, this.#writer), info);
    exchange.listen({ onDrain: () => line.onDrain(), onClose: () => line.onClose() });
    line.onParsed(parsed, size);
  }

  #openAnswer(call: Call): void {
    const { exchange, info, headers, type, parsed, size } = call;
    const { environment, limits, timing } = this.#services;
    const hello = helloOf(parsed);
    const { since, wait = 0 } = hello;
    const isPoll = info.kind === 'poll';
    const again = isPoll && since !== undefined;
    const turned = isPoll && !again ? this.#connections.limit() : null;
    if (turned !== null) return this.#refuse(exchange, this.#refusalOf(turned), headers);
    let onOver = (): void => undefined;
    const answer = new Answer(environment, {
      wait: isPoll ? Math.min(wait, grantedPing(hello, timing)) : 0,
      patience: isPoll ? (wait > 0 ? PATIENCE.news : PATIENCE.answer) : Infinity,
      bound: queueOf(isPoll ? 'poll' : 'send', limits.queue),
      onComplete(pieces) {
        onOver();
        if (pieces !== null) exchange.answer(200, { ...headers, 'content-type': type }, info.codec.join(pieces));
      },
    });
    const line = this.#connections.accept(answer, info, again);
    onOver = () => line.onClose();
    exchange.listen({ onDrain: () => undefined, onClose: () => answer.drop() });
    line.onParsed(parsed, size);
  }

  #refuse(exchange: Exchange, refusal: Refusal, headers: HeaderTable): void {
    const type = typeOf(exchange);
    const codec = this.#codecs.get(type) ?? this.#json;
    const table = { ...headers, ...headersOf(refusal), 'content-type': codec === this.#json ? 'application/json' : type };
    const body = codec.encode(refusal.bye);
    this.#services.counters.bytesOut += body.length;
    exchange.answer(refusal.status, table, body);
  }
}

function typeOf(exchange: Exchange): string {
  return (exchange.header('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

function helloOf(parsed: Parsed<ClientFrame>): Partial<Hello> {
  const first = parsed.ok ? parsed.frames[0] : undefined;
  return first?.t === 'hello' ? first : {};
}
