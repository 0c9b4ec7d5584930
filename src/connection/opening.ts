/** What an opening needs to know beforehand. */
import { HoldfastError } from '../errors.ts';
import { END } from '../protocol/end-codes.ts';
import { type Hello, PROTOCOL_VERSION } from '../protocol/frame.ts';
import type { Transport } from '../transports/transport.ts';
import type { Reason } from '../types.ts';
import { reasonOf } from './state.ts';

/** The reason why there is no way at all, on this platform. */
export function unsupported(transports: readonly Transport[]): Reason {
  const names = transports.map(({ name }) => name).join(', ');
  // Node before 22, as a rule.
  const how = /websocket/.test(names) ? ' Pass one: environment: { WebSocket }. Or add sse() or longPolling().' : '';
  return unable(new HoldfastError('unsupported', `This platform supports none of the transports given (${names}).${how}`));
}

/** @returns the address, or why there is none, from this page */
export function resolve(url: string, base: string | undefined): string | Reason {
  try {
    return new URL(url, base).href.replace(/\/$/, '');
  } catch {
    return unable(new HoldfastError('invalid-option', `'${url}' is relative, and there is no page to resolve it by.`));
  }
}

/**
 * ms between signs of life, for a client that saves data. Below a minute: proxies cut what is silent for longer (nginx's
 * `proxy_read_timeout`, the load balancers of clouds), and connecting again would cost more than it saves.
 */
const SAVING_PING = 55_000;

export function helloOf(client: string, gen: number, token: string | null, saves: boolean, why?: Hello['why']): Hello {
  return {
    t: 'hello',
    v: [PROTOCOL_VERSION, PROTOCOL_VERSION],
    client,
    gen,
    why: why ?? (gen === 1 ? 'connect' : 'reconnect'),
    ...(token !== null && { token }),
    ...(saves && { ping: SAVING_PING }),
  };
}

function unable(error: HoldfastError): Reason {
  return reasonOf('client', END.normal, error.code, error);
}
