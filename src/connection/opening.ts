/** What an opening needs to know beforehand. */
import { HoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import { END } from '../protocol/end-codes.ts';
import { type Hello, PROTOCOL_VERSION } from '../protocol/frame.ts';
import type { Transport } from '../transports/transport.ts';
import type { Reason } from '../types.ts';
import { reasonOf } from './state.ts';

export interface Way {
  readonly transport: Transport;
  readonly url: string;
}

/** @returns the reason why there is no way at all, on this platform or from this page */
export function findWay(environment: Environment, transports: readonly Transport[], url: string): Way | Reason {
  const transport = transports.find((candidate) => candidate.isSupported(environment));
  const address = resolve(url, environment.baseUrl);
  if (address === null) {
    return unable(new HoldfastError('invalid-option', `'${url}' is relative, and there is no page to resolve it by.`));
  }
  if (transport === undefined) {
    const names = transports.map(({ name }) => name).join(', ');
    return unable(new HoldfastError('unsupported', `This platform supports none of the transports given (${names}).`));
  }
  return { transport, url: address };
}

export function helloOf(client: string, gen: number, token: string | null): Hello {
  return {
    t: 'hello',
    v: [PROTOCOL_VERSION, PROTOCOL_VERSION],
    client,
    gen,
    why: gen === 1 ? 'connect' : 'reconnect',
    ...(token !== null && { token }),
  };
}

function unable(error: HoldfastError): Reason {
  return reasonOf('client', END.normal, error.code, error);
}

function resolve(url: string, base: string | undefined): string | null {
  try {
    return new URL(url, base).href.replace(/\/$/, '');
  } catch {
    return null;
  }
}
