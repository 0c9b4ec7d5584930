/** An environment that notes what becomes of each request and each socket: transports tell their clients less. */
import type { Environment, Fetch, SocketConstructor } from '../platform/environment.ts';
import { type Exchange, bare } from './evidence.ts';

export interface Recorder {
  readonly environment: Environment;
  /** The newest that failed, or else the newest. */
  exchange(): Exchange | null;
}

type Noted = { -readonly [Key in keyof Exchange]: Exchange[Key] };

export function createRecorder(environment: Environment, url: string): Recorder {
  const { fetch, WebSocket } = environment;
  const exchanges: Noted[] = [];
  const note = (address: string): Noted => {
    const noted: Noted = { address: bare(address, url), status: null, type: null, fault: null };
    exchanges.push(noted);
    return noted;
  };

  const recordingFetch = (real: Fetch): Fetch => {
    return async (address, init) => {
      const noted = note(address);
      try {
        const response = await real(address, init);
        noted.status = response.status;
        noted.type = mediaType(response);
        return response;
      } catch (error) {
        // What the transport gave up itself has not failed.
        if (init.signal?.aborted !== true) noted.fault = faultOf(error);
        throw error;
      }
    };
  };
  const recordingSocket = (Real: SocketConstructor): SocketConstructor => {
    // A constructor that returns an object gives that object to `new`, whatever kind of class made it.
    function Recording(address: string, protocols: string[]): InstanceType<SocketConstructor> {
      const noted = note(address);
      const socket = new Real(address, protocols) as WebSocket;
      // Not every socket that an environment brings has listeners beside its handlers.
      socket.addEventListener?.('error', (event) => {
        const { message = '', error } = event as Partial<ErrorEvent>;
        const [, status] = /server response: (\d{3})/.exec(message) ?? [];
        if (status !== undefined) noted.status = Number(status);
        else noted.fault = faultOf(error);
      });
      return socket;
    }
    return Recording as unknown as SocketConstructor;
  };

  return {
    environment: Object.create(environment, {
      fetch: { value: fetch && recordingFetch(fetch) },
      WebSocket: { value: WebSocket && recordingSocket(WebSocket) },
    }) as Environment,
    exchange() {
      const failed = exchanges.filter(
        ({ status, fault }) => fault !== null || (status !== null && (status < 200 || status > 299)),
      );
      return failed.at(-1) ?? exchanges.at(-1) ?? null;
    },
  };
}

function mediaType({ headers }: Response): string | null {
  return headers.get('content-type')?.split(';')[0]!.trim().toLowerCase() || null;
}

/** The name of a failure: it may lie several causes deep, and of a host with several addresses each has one of its own. */
export function faultOf(error: unknown): string {
  let at: unknown = error;
  for (let depth = 0; depth < 6 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, cause, errors, message } = at as { code?: unknown; cause?: unknown; errors?: unknown[]; message?: unknown };
    if (typeof code === 'string' && /^[A-Z]\w+$/.test(code)) return code;
    // These two have no code.
    if (message === 'unexpected redirect') return 'redirect';
    if (message === 'bad port') return 'bad-port';
    at = cause ?? errors?.[0];
  }
  return '';
}
