/** The requests of one link: what every transport over HTTP shares (docs/protocol.md, "HTTP"). */
import type { Encoded } from '../protocol/codec.ts';
import { END } from '../protocol/end-codes.ts';
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

/** Does nothing the second time. */
export type Stop = () => void;

export interface Call {
  /** False from its end on: of what was read at one time, the first message may stop the rest. */
  readonly live: boolean;
  /** Silences it and aborts the request. */
  readonly stop: Stop;
  /** Ends it, as failed. */
  fail(end: End): void;
  /** Fails with this end after `ms`, in place of the limit before; null: there is no limit any more. */
  limit(ms: number | null, end?: End): void;
  /** @returns null if it failed, or the call is over */
  tried<T>(run: () => Promise<T>): Promise<T | null>;
}

export interface Request {
  readonly path: 'sse' | 'poll' | 'send';
  readonly body: Encoded;
  readonly gzip?: boolean;
  /** ms without an answer after which it has failed. */
  readonly limit: number;
  /** Told once, unless it is stopped. */
  readonly failed: (end: End, call: Call) => void;
}

export interface Http {
  readonly over: boolean;
  /** The first one, with the lane memory that this connection is bound to; undefined until it came. */
  readonly welcome: Welcome | undefined;
  fault(code: number, why: string, by?: End['by'], after?: number): End;
  encode(frames: readonly ClientFrame[]): Encoded;
  /** @returns null if it cannot be read, which ends the link */
  parse(data: Encoded): readonly ServerFrame[] | null;
  deliver(frames: readonly ServerFrame[]): void;
  later(ms: number, run: () => void): Stop;
  /** @param read gets an answer of status 200 and of the content type that was asked for */
  stream(request: Request, type: string, read: (response: Response, call: Call) => Promise<void>): Call;
  /** A request that is answered by one message. */
  exchange(request: Request, answered: (frames: readonly ServerFrame[]) => void): Call;
  end(end: End): void;
  close(): void;
}

/** Another try may do better: the network failed, or a gateway did. */
export const mayPass = ({ code }: End): boolean =>
  code === END.abnormal || code === END.openTimeout || code === END.tryLater || code === END.badGateway;

export function createHttp(target: Target, sink: Sink, { url = target.url, headers }: HttpOptions): Http {
  const { codec, environment, credentials = 'omit' } = target;
  const base = url.replace(/^ws/, 'http').replace(/\/$/, '');
  const message = `application/${codec.binary ? 'vnd.' : ''}${codec.name}`;
  /** Requests under way and timers that are set. */
  const stops = new Set<Stop>();
  let over = false;
  let opened = false;
  let welcome: Welcome | undefined;

  const close = (): void => {
    over = true;
    for (const stop of stops) stop();
  };
  const end = (told: End): void => {
    if (over) return;
    close();
    sink.onEnd(told);
  };
  const fault: Http['fault'] = (code, why, by = 'network', after) => ({
    ...{ code, why, by, opened },
    ...(after !== undefined && { after }),
  });

  const read = (data: Encoded) => parseMessage<ServerFrame>(codec, data, SERVER_FRAMES);
  const deliver: Http['deliver'] = (frames) => {
    if (over) return;
    welcome ??= frames.find((frame) => frame.t === 'welcome');
    sink.onFrames(frames);
    // Nothing follows a bye; on a socket the server would close now.
    const bye = frames.find((frame) => frame.t === 'bye');
    if (bye !== undefined) end(fault(bye.code, bye.why, 'server', bye.after));
  };

  const later: Http['later'] = (ms, run) => {
    if (over) return () => {};
    const stop = (): void => {
      stops.delete(stop);
      environment.clearTimeout(id);
    };
    const id = environment.setTimeout(() => {
      stops.delete(stop);
      run();
    }, ms);
    stops.add(stop);
    return stop;
  };

  /** Of a status other than 200, or of a content type that is not ours. */
  const refusal = ({ status, headers }: Response, type: string | undefined): End => {
    const after = retryAfter(headers.get('retry-after'), environment.now());
    if (status === 200) return fault(END.policy, `the answer was ${type ?? 'of no content type'}`, 'network', after);
    let code: number = END.policy;
    if (status === 401) code = END.tokenExpired;
    else if (status === 413) code = END.tooBig;
    else if (status === 429 || status === 503) code = END.tryLater;
    else if (status >= 500) code = END.badGateway;
    return fault(code, `the answer had status ${status}`, 'network', after);
  };

  const stream: Http['stream'] = ({ path, body, gzip, limit, failed }, type, take) => {
    // One for each request: aborting one that is answered already does nothing.
    const controller = new AbortController();
    let live = !over;
    let clock: Stop = () => {};
    const call: Call = {
      get live() {
        return live;
      },
      stop() {
        live = false;
        clock();
        stops.delete(call.stop);
        controller.abort();
      },
      fail(told) {
        if (!live) return;
        call.stop();
        failed(told, call);
      },
      limit(ms, told = fault(END.openTimeout, 'no answer came in time')) {
        clock();
        if (ms !== null) clock = later(ms, () => call.fail(told));
      },
      async tried(run) {
        try {
          // Of a request that was aborted it rejects: then the call is not live, and nobody is told.
          const value = await run();
          return live ? value : null;
        } catch (error) {
          call.fail(fault(END.abnormal, error instanceof Error ? error.message : String(error)));
          return null;
        }
      },
    };
    const run = async (): Promise<void> => {
      const response = await call.tried(() =>
        environment.fetch!(`${base}/${path}`, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': message, ...(gzip && { 'Content-Encoding': 'gzip' }) },
          // Safari is known to hand out stored answers to a POST. No `keepalive`: it bounds all bodies under way to 64 KiB.
          ...{ body, credentials, cache: 'no-store', signal: controller.signal },
          // Not `error`, which looks like a network that fails: a login page in the way is a reason to try another transport.
          redirect: 'manual',
        }),
      );
      if (response === null) return;
      const came = response.headers.get('content-type')?.split(';')[0]!.trim().toLowerCase();
      if (response.status === 200 && came === type) {
        opened = true;
        return take(response, call);
      }
      if (response.status !== 200 && came === message) {
        const data = await call.tried(() => response.arrayBuffer());
        if (data === null) return;
        const parsed = read(new Uint8Array(data));
        // It says more than the status does.
        if (parsed.ok) deliver(parsed.frames.filter((frame) => frame.t === 'bye'));
      }
      call.fail(refusal(response, came));
    };
    if (!live) return call;
    stops.add(call.stop);
    call.limit(limit);
    void run();
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
    ...{ fault, parse, deliver, later, stream, end, close },
    encode: (frames) => codec.join(frames.map((frame) => codec.encode(frame))),
    exchange: (request, answered) =>
      stream(request, message, async (response, call) => {
        const data = await call.tried(() => response.arrayBuffer());
        if (data === null) return;
        call.stop();
        const frames = parse(new Uint8Array(data));
        if (frames !== null) answered(frames);
      }),
  };
}
