import { PROTOCOL_VERSION, type Welcome } from '../src/protocol/frame.ts';
import { announced } from './limits.ts';
import type { Services } from './services.ts';
import type { Session, SocketInfo, User } from './types.ts';
import { isThenable, LazySignal, within } from './verdict.ts';

/** Who is on the other end, until when. */
export interface Identity {
  readonly user: User;
  /** Empty for an anonymous visitor. */
  readonly userId: string;
  readonly expiresAt: number | null;
}

export const NOBODY: Identity = { user: null, userId: '', expiresAt: null };

export function hasEnded({ expiresAt }: Identity, now: number): boolean {
  return expiresAt !== null && now >= expiresAt;
}

/** For `welcome` and `auth`; nothing for a session without end. */
export function ttlOf({ expiresAt }: Identity, now: number): { readonly ttl: number } | undefined {
  return expiresAt === null ? undefined : { ttl: Math.max(0, Math.floor(expiresAt - now)) };
}

export function welcomeOf(identity: Identity, mem: string, { environment, limits }: Services, ping: number): Welcome {
  const user = identity.userId === '' ? undefined : { user: identity.userId };
  const ttl = ttlOf(identity, environment.now());
  const caps = ['hist', 'pres', 'req', ...(environment.gunzip === null ? [] : ['gzip'])];
  return { t: 'welcome', v: PROTOCOL_VERSION, mem, ping, ...user, ...ttl, limits: announced(limits), caps };
}

/** An answer that is there at once is told at once. */
export function askMemory(
  { environment, memory, timing }: Services,
  onMemory: (mem: string) => void,
  onError: (error: unknown) => void,
): void {
  const mem = memory();
  if (typeof mem === 'string') onMemory(mem);
  else within(environment, timing.ruleTimeout, mem, onMemory, onError);
}

interface Question {
  readonly token: string | null;
  /** null: refused. */
  readonly onIdentity: (identity: Identity | null) => void;
  readonly onError: (error: unknown) => void;
}

interface Renewed {
  /** null: what is left of the old one is told, so that the client tries again in time. */
  onIdentity(identity: Identity | null): void;
  /** 4202. */
  onRefused(why: string): void;
}

/** A fresh token for a session of `userId` that is open. */
export function renewal(token: string, userId: string, services: Services, { onIdentity, onRefused }: Renewed): Question {
  return {
    token,
    onIdentity(identity) {
      if (identity === null) return onRefused('the token was refused');
      if (identity.userId !== userId) return onRefused('the token is another user’s');
      // One that has ended already must not put off the end of the session.
      onIdentity(hasEnded(identity, services.environment.now()) ? null : identity);
    },
    onError(error) {
      services.report('authenticate-failed', { error, user: userId });
      onIdentity(null);
    },
  };
}

/** Asks the app who is there, one token at a time: a client that sends many makes the app no more work. */
export class Gate {
  readonly #services: Services;
  readonly #info: SocketInfo;
  /** Of the call that is under way. */
  #signal: LazySignal | null = null;
  /** The newest of those that came meanwhile. */
  #next: Question | null = null;
  /** Users revoked during that call. */
  #revoked: Set<string> | null = null;

  constructor(services: Services, info: SocketInfo) {
    this.#services = services;
    this.#info = info;
  }

  /** An answer that is there at once is told at once. */
  ask(question: Question): void {
    if (this.#signal !== null) {
      this.#next = question;
      return;
    }
    const { authenticate, environment, timing } = this.#services;
    const signal = new LazySignal();
    this.#signal = signal;
    const onError = (error: unknown): void => this.#settle(() => question.onError(error));
    const onSession = (session: Session | null): void => {
      try {
        const identity = identify(session);
        const revoked = identity !== null && this.#revoked?.has(identity.userId) === true;
        this.#settle(() => question.onIdentity(revoked ? null : identity));
      } catch (error) {
        onError(error);
      }
    };
    let answer: Session | null | Promise<Session | null>;
    try {
      const { origin, ip } = this.#info;
      answer = authenticate({ token: question.token, origin, ip, get signal() { return signal.signal; } }); // prettier-ignore
    } catch (error) {
      return onError(error);
    }
    if (!isThenable(answer)) return onSession(answer);
    const onFailure = (error: unknown): void => {
      signal.abort(error instanceof Error ? error : new Error('authenticate failed'));
      onError(error);
    };
    within(environment, timing.ruleTimeout, answer, onSession, onFailure);
  }

  /** The app may have looked before it took the session away: what was asked until now is no proof of it any more. */
  revoke(user: string): void {
    if (this.#signal !== null) (this.#revoked ??= new Set()).add(user);
  }

  end(reason: Error): void {
    this.#next = null;
    this.#signal?.abort(reason);
  }

  #settle(tell: () => void): void {
    const next = this.#next;
    this.#signal = null;
    this.#next = null;
    this.#revoked = null;
    tell();
    if (next !== null) this.ask(next);
  }
}

/** @throws TypeError if the app's answer is no session: letting it in as somebody would be worse than a failure */
function identify(session: Session | null | undefined): Identity | null {
  if (session === null || session === undefined) return null;
  // `token === secret && { user }` is false for a wrong one: plain JavaScript would let it in as an anonymous visitor.
  const { user, expiresAt } = session as Partial<Session>;
  const userId: unknown = user === null ? '' : (user as { readonly id?: unknown } | undefined)?.id;
  if (typeof userId !== 'string' || (userId === '') !== (user === null) || userId.length > 256) {
    throw new TypeError(
      'authenticate must return { user } with a user whose `id` is a string of 1 to 256 characters, or with null',
    );
  }
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) throw new TypeError('expiresAt must be ms since 1970');
  return { user: user ?? null, userId, expiresAt: expiresAt ?? null };
}
