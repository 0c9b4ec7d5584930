import { HoldfastError, isHoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { ClientOptions, TokenContext } from '../types.ts';

/** A callback that hangs would hold every reconnect for ever. ms */
const TIME_LIMIT = 10_000;
/** A token is renewed when this part of its life has passed. */
const RENEW_AT = 0.8;
/** Between two renewals, ms: a server that calls every token ended must not be asked in circles. */
const RENEWAL_FLOOR = 5000;

export interface Tokens {
  /** When the app gave the token at hand. */
  readonly givenAt: number;
  /**
   * The token at hand if it is still good and `reason` is null, else a fresh one. Single-flight.
   * Rejects with `token-failed`, or `unauthorized` if the app's callback said so.
   */
  get(reason: TokenContext['reason'] | null): Promise<string | null>;
  /** What the server says is left of the life of the token at hand, ms. @returns when to {@link renew} it */
  noteLife(ttl: number): number;
  /** A fresh one, as {@link get} gives it, before the one at hand ends, or because it has. */
  renew(): Promise<string | null>;
  abort(): void;
}

export function createTokens(environment: Environment, getToken: NonNullable<ClientOptions['getToken']>): Tokens {
  let token: string | null = null;
  let givenAt = -Infinity;
  let renewAt = -Infinity;
  /** As the server said last. */
  let endsAt = -Infinity;
  let renewedAt = -Infinity;
  let renewal: TokenContext['reason'] = 'refresh';
  let flight: { readonly promise: Promise<string | null>; readonly abort: AbortController } | null = null;

  async function ask(reason: TokenContext['reason'], abort: AbortController): Promise<string | null> {
    let timer: unknown;
    const limit = new Promise<never>((_, reject) => {
      timer = environment.setTimeout(() => {
        reject(new HoldfastError('token-failed', `getToken did not settle within ${TIME_LIMIT} ms.`));
        abort.abort();
      }, TIME_LIMIT);
      abort.signal.addEventListener('abort', () => reject(new HoldfastError('aborted', 'The token is no longer needed.')));
    });
    try {
      // In a microtask, so that a callback that throws at once is a rejection like any other.
      const asked = Promise.resolve().then(() => getToken({ reason, signal: abort.signal }));
      const given: unknown = await Promise.race([asked, limit]);
      if (given !== null && (typeof given !== 'string' || given === '')) {
        throw new HoldfastError('token-failed', 'getToken must return a non-empty string, or null for anonymous.');
      }
      token = given;
      givenAt = environment.now();
      renewAt = Infinity;
      return given;
    } catch (error) {
      // Only our own abort is one: whatever the callback awaited may have been aborted too.
      if (isHoldfastError(error, 'token-failed', 'unauthorized') || abort.signal.aborted) throw error;
      throw new HoldfastError('token-failed', 'getToken failed.', { cause: error });
    } finally {
      environment.clearTimeout(timer);
      if (flight?.abort === abort) flight = null;
    }
  }

  function get(reason: TokenContext['reason'] | null): Promise<string | null> {
    if (flight !== null) return flight.promise;
    if (reason === null && environment.now() < renewAt) return Promise.resolve(token);
    const abort = new AbortController();
    const promise = ask(reason ?? 'refresh', abort);
    promise.catch(() => {});
    flight = { promise, abort };
    return promise;
  }

  return {
    get givenAt() {
      return givenAt;
    },
    get,
    renew() {
      renewedAt = environment.now();
      return get(renewal);
    },
    noteLife(ttl) {
      const now = environment.now();
      const at = now + ttl * RENEW_AT;
      // Over HTTP each answer tells the same end, and 80 % of what is left again and again would be all of it.
      const isSame = renewAt > now && now + ttl < endsAt + RENEWAL_FLOOR;
      endsAt = now + ttl;
      renewAt = isSame ? Math.min(renewAt, at) : at;
      renewal = ttl === 0 ? 'expired' : 'refresh';
      return Math.max(renewAt, Math.min(renewedAt, now) + RENEWAL_FLOOR);
    },
    abort() {
      flight?.abort.abort();
      // At once, or whoever asks next would be given the rejection of what nobody wanted any more.
      flight = null;
    },
  };
}
