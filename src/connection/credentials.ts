/** The token at hand: asked for before each attempt, renewed while a connection lives. */
import { isHoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import { END } from '../protocol/end-codes.ts';
import type { ClientOptions, Reason, TokenContext } from '../types.ts';
import { createTimer } from '../util/timer.ts';
import { reasonOf } from './state.ts';
import { createTokens } from './token.ts';

export interface Credentials {
  /** Null: anonymous. */
  readonly token: string | null;
  /** Since the app gave it, ms. */
  readonly age: number;
  /** Leads to `onReady`, `onFailed`, or to nothing if it is aborted. */
  ask(reason: TokenContext['reason'] | null): void;
  /** What is left of the token's life, ms, as the server says. */
  noteLife(ttl: number): void;
  /** The connection is gone: nothing is renewed for it. */
  lapse(): void;
  abort(): void;
}

interface CredentialsOptions {
  readonly environment: Environment;
  readonly getToken: ClientOptions['getToken'];
  report(error: unknown): void;
  onReady(): void;
  /** @param final the app says that there will be none */
  onFailed(reason: Reason, final: boolean): void;
  /** Whom a renewed token is for; asked again when it is there. */
  connection(): object | null;
  onRenewed(token: string): void;
}

export function createCredentials(options: CredentialsOptions): Credentials {
  const { environment, getToken, report, onReady, onFailed, connection, onRenewed } = options;
  const tokens = getToken === undefined ? null : createTokens(environment, getToken);
  const renewal = createTimer(environment, () => void renew());
  let token: string | null = null;

  async function renew(): Promise<void> {
    const asking = connection();
    try {
      const fresh = (await tokens?.renew()) ?? null;
      if (connection() !== asking || fresh === null) return;
      token = fresh;
      onRenewed(fresh);
    } catch (error) {
      // The server grants 30 s and then ends the connection, after which tokens are asked for by the backoff.
      if (!isHoldfastError(error, 'aborted')) report(error);
    }
  }

  return {
    get token() {
      return token;
    },
    get age() {
      return tokens === null ? 0 : environment.now() - tokens.givenAt;
    },
    ask(reason) {
      if (tokens === null) return onReady();
      tokens.get(reason).then(
        (given) => {
          token = given;
          onReady();
        },
        (error: unknown) => {
          if (!isHoldfastError(error) || error.code === 'aborted') return;
          onFailed(reasonOf('app', END.tokenFailed, error.code, error), error.code === 'unauthorized');
        },
      );
    },
    noteLife(ttl) {
      const renewAt = tokens?.noteLife(ttl) ?? null;
      if (renewAt !== null && renewAt <= environment.now()) void renew();
      else renewal.set(renewAt);
    },
    lapse: () => renewal.set(null),
    abort: () => tokens?.abort(),
  };
}
