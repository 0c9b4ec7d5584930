/** The requests of one link: what every transport over HTTP shares (docs/protocol.md, "HTTP"). */
import type { Encoded } from '../protocol/codec.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import type { ClientFrame, ServerFrame, Welcome } from '../protocol/frame.ts';
import { parseMessage } from '../protocol/parse.ts';
import { SERVER_FRAMES } from '../protocol/server-frames.ts';
import { retryAfter } from './retry-after.ts';
import type { End, Sink, Target } from './transport.ts';

export interface HttpOptions {
  /** What `/sse`, `/poll` and `/send` are put after; http, https, ws or wss. @default the client's url */
  readonly url?: string;
  /** Sent with every request. Across origins the server must allow each of them (CORS). @default none */
  readonly headers?: Readonly<Record<string, string>>;
}

type Body = Encoded | ArrayBuffer;

export interface Call {
  /** Silences it and aborts the request. Idempotent. */
  stop(): void;
  /** Stops it, and says so. Nothing if it was stopped before. */
  fail(fault: Fault): void;
  /** What was waited for came: there is no time limit any more. */
  settle(): void;
  /** @returns null if it failed, or the call was stopped */
  tried<T>(run: () => Promise<T>): Promise<T | null>;
}

export interface Http {
  readonly over: boolean;
  /** The first one, with the lane memory that this connection is bound to; undefined until it came. */
  readonly welcome: Welcome | undefined;
  encode(frames: readonly ClientFrame[]): Encoded;
  /** @returns null if it cannot be read, which ends the link */
  parse(data: Encoded): readonly ServerFrame[] | null;
  /** @param aside of {@link Sink.onFrames} */
  deliver(frames: readonly ServerFrame[], aside?: boolean): void;
  /** @returns clears it */
  later(ms: number, run: () => void): () => void;
  /** @param why the name of the code, where nothing else is known */
  fault(code: number, why?: string, by?: End['by'], after?: number): Fault;
  /**
   * @param limit ms after which it has failed, unless it is stopped or settled by then
   * @param failed told once, unless the call is stopped
   * @param type of content, of the answer that `take` gets
   */
  ask(path: string, body: Body, limit: number, failed: Failed, take: Take, type: string, gzip?: boolean): Call;
  /** A request that is answered by one message. */
  exchange(path: string, body: Body, limit: number, failed: Failed, answered: Answered, gzip?: boolean): Call;
  end(fault: Fault): void;
  close(): void;
}

export type Fault = Required<End>;
type Failed = (fault: Fault, call: Call) => void;
type Take = (response: Response, call: Call) => Promise<void>;
type Answered = (frames: readonly ServerFrame[]) => void;

const CODES: Readonly<Record<number, number>> = { 401: END.tokenExpired, 413: END.tooBig, 429: END.tryLater, 503: END.tryLater };
const PASSING: readonly number[] = [END.abnormal, END.openTimeout, END.tryLater, END.badGateway];

/** Another try may do better: the network failed, or a gateway did. */
export const mayPass = ({ code }: Fault): boolean => PASSING.includes(code);

export function createHttp(target: Target, sink: Sink, { url = target.url, headers }: HttpOptions): Http {
  const { codec, environment, credentials = 'omit' } = target;
  const base = url.replace(/^ws/, 'http').replace(/\/$/, '');
  const message = `application/${codec.binary ? 'vnd.' : ''}${codec.name}`;
  /** Requests under way and timers that are set. */
  const stops = new Set<() => void>();
  let over = false;
  let opened = false;
  let welcome: Welcome | undefined;

  const close = (): void => {
    over = true;
    for (const stop of stops) stop();
  };
  const end = (told: Fault): void => {
    if (over) return;
    close();
    sink.onEnd(told);
  };
  const fault: Http['fault'] = (code, why = endRule(code).name, by = 'network', after = 0) => ({ code, why, by, opened, after });

  const read = (data: Encoded) => parseMessage<ServerFrame>(codec, data, SERVER_FRAMES);
  const deliver: Http['deliver'] = (frames, aside) => {
    if (over || frames.length === 0) return;
    welcome ??= frames.find((frame) => frame.t === 'welcome');
    sink.onFrames(frames, aside);
    // Nothing follows a bye; on a socket the server would close now.
    const bye = frames.find((frame) => frame.t === 'bye');
    if (bye) end(fault(bye.code, bye.why, 'server', bye.after));
  };

  const later: Http['later'] = (ms, run) => {
    const stop = (): void => {
      stops.delete(stop);
      environment.clearTimeout(id);
    };
    const id = environment.setTimeout(() => {
      stops.delete(stop);
      run();
    }, ms);
    stops.add(stop);
    // Who is told of frames may close the link, and what comes after that must leave nothing behind.
    if (over) stop();
    return stop;
  };

  const ask: Http['ask'] = (path, body, limit, failed, take, type, gzip) => {
    const controller = new AbortController();
    const call: Call = {
      settle: later(limit, () => call.fail(fault(END.openTimeout))),
      stop() {
        call.settle();
        stops.delete(call.stop);
        // Does nothing to a request that was answered.
        controller.abort();
      },
      fail(told) {
        if (!stops.has(call.stop)) return;
        call.stop();
        failed(told, call);
      },
      async tried(run) {
        try {
          const value = await run();
          return stops.has(call.stop) ? value : null;
        } catch (error) {
          // What was aborted rejects too: then the call is over, and nobody is told.
          call.fail(fault(END.abnormal, String(error)));
          return null;
        }
      },
    };
    const run = async (): Promise<void> => {
      const response = await call.tried(() =>
        environment.fetch!(`${base}/${path}`, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': message, ...(gzip && { 'Content-Encoding': 'gzip' }) },
          body,
          credentials,
          // Safari has handed out stored answers to a POST. No `keepalive`: it bounds all bodies under way to 64 KiB.
          cache: 'no-store',
          signal: controller.signal,
          // `error` would look like a network that fails; a login page in the way is a reason to try another transport.
          redirect: 'manual',
        }),
      );
      if (response === null) return;
      const { status, headers: got } = response;
      const came = (got.get('content-type') ?? 'no content type').toLowerCase();
      if (status === 200) {
        if (came.startsWith(type)) {
          opened = true;
          return take(response, call);
        }
      } else if (came.startsWith(message)) {
        const data = await call.tried(() => response.arrayBuffer());
        if (data === null) return;
        const parsed = read(new Uint8Array(data));
        // It says more than the status does.
        if (parsed.ok) deliver(parsed.frames.filter((frame) => frame.t === 'bye'));
      }
      const code = CODES[status] ?? (status < 500 ? END.policy : END.badGateway);
      const after = retryAfter(got.get('retry-after'), environment.now());
      call.fail(fault(code, `status ${status}, ${came}`, 'network', after));
    };
    if (!over) {
      stops.add(call.stop);
      void run();
    }
    return call;
  };

  const parse: Http['parse'] = (data) => {
    const parsed = read(data);
    if (parsed.ok) return parsed.frames;
    end(fault(END.invalidData, parsed.why, 'client'));
    return null;
  };
  return {
    get over() {
      return over;
    },
    get welcome() {
      return welcome;
    },
    ...{ fault, parse, deliver, later, ask, end, close },
    encode: (frames) => codec.join(frames.map((frame) => codec.encode(frame))),
    exchange(path, body, limit, failed, answered, gzip) {
      const take: Take = async (response, call) => {
        const data = await call.tried(() => response.arrayBuffer());
        if (data === null) return;
        call.stop();
        const frames = parse(new Uint8Array(data));
        if (frames !== null) answered(frames);
      };
      return ask(path, body, limit, failed, take, message, gzip);
    },
  };
}
