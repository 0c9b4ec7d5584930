/** A `fetch` without a network: each request is answered by the test, chunk by chunk. Left alone, it is never answered. */
import type { Fetch } from '../../src/platform/environment.ts';
import type { Codec } from '../../src/protocol/codec.ts';
import type { ClientFrame, Hello, ServerFrame } from '../../src/protocol/frame.ts';

export interface ScriptedRequest {
  readonly url: string;
  /** What follows the last slash. */
  readonly path: string;
  readonly init: RequestInit;
  readonly headers: Readonly<Record<string, string>>;
  /** As the server would read it. */
  readonly frames: readonly ClientFrame[];
  readonly hello: Hello;
  readonly aborted: boolean;
  /** waiting: no headers yet. answering: the body goes on. done: it has ended, or broke. */
  readonly state: 'waiting' | 'answering' | 'done';
  /** Status and headers come; the body is under way. */
  respond(status?: number, headers?: Readonly<Record<string, string>>): void;
  chunk(data: string | Uint8Array): void;
  end(): void;
  /** The request, or its body, breaks. */
  break(message?: string): void;
  /** One whole answer in the codec. */
  answer(frames: readonly ServerFrame[], status?: number, headers?: Readonly<Record<string, string>>): void;
  /** One event of a stream. */
  event(...frames: readonly ServerFrame[]): void;
}

export interface ScriptedFetch {
  readonly fetch: Fetch;
  /** Every request so far, in order. */
  readonly requests: readonly ScriptedRequest[];
  /** The same, to one path. */
  to(path: string): readonly ScriptedRequest[];
  /** Those that are neither answered nor aborted. */
  readonly running: readonly ScriptedRequest[];
}

const STREAM = { 'content-type': 'text/event-stream' };

export function createScriptedFetch(codec: Codec): ScriptedFetch {
  const requests: ScriptedRequest[] = [];
  const type = codec.binary ? 'application/vnd.msgpack' : 'application/json';

  const fetch: Fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const signal = init.signal as AbortSignal;
      let state: ScriptedRequest['state'] = 'waiting';
      let stream!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) });
      const stop = (error: Error): void => {
        if (state === 'waiting') reject(error);
        else if (state === 'answering') stream.error(error);
        state = 'done';
      };
      signal.addEventListener('abort', () => stop(signal.reason as Error));

      const decoded = init.headers && 'Content-Encoding' in init.headers ? [] : codec.decode(init.body as string);
      const frames = (Array.isArray(decoded) ? decoded : [decoded]) as readonly ClientFrame[];
      const request: ScriptedRequest = {
        ...{ url, init, frames, path: url.split('/').at(-1)! },
        headers: init.headers as Readonly<Record<string, string>>,
        get hello() {
          const [first] = frames;
          if (first?.t !== 'hello') throw new Error(`the request did not begin with hello but with ${JSON.stringify(first)}`);
          return first;
        },
        get aborted() {
          return signal.aborted;
        },
        get state() {
          return state;
        },
        respond(status = 200, headers = STREAM) {
          if (state !== 'waiting') throw new Error('answered twice, or too late');
          state = 'answering';
          resolve(new Response(body, { status, headers }));
        },
        chunk(data) {
          if (state !== 'answering') throw new Error(`no chunk for what is ${state}`);
          stream.enqueue(typeof data === 'string' ? new TextEncoder().encode(data) : data);
        },
        end() {
          state = 'done';
          stream.close();
        },
        break: (message = 'the network is gone') => stop(new TypeError(message)),
        answer(sent, status = 200, headers = {}) {
          request.respond(status, { 'content-type': type, ...headers });
          const whole = codec.join(sent.map((frame) => codec.encode(frame)));
          request.chunk(whole);
          request.end();
        },
        event(...sent) {
          const data = codec.join(sent.map((frame) => codec.encode(frame)));
          request.chunk(`data: ${typeof data === 'string' ? data : Buffer.from(data).toString('base64url')}\n\n`);
        },
      };
      requests.push(request);
    });

  return {
    fetch,
    requests,
    to: (path) => requests.filter((request) => request.path === path),
    get running() {
      return requests.filter(({ state }) => state !== 'done');
    },
  };
}
