/** One connection of its own over one transport, as far as the answer to a `ping`, and closed again. */
import type { ConnectionOptions } from '../connection/session.ts';
import type { Environment } from '../platform/environment.ts';
import { END } from '../protocol/end-codes.ts';
import { type Hello, PROTOCOL_VERSION, type ServerFrame } from '../protocol/frame.ts';
import type { Link, Transport } from '../transports/transport.ts';
import { soon } from '../util/soon.ts';
import type { Outcome, Stage } from './evidence.ts';

export interface ProbeOptions {
  readonly transport: Transport;
  /** Resolved. */
  readonly url: string;
  readonly environment: Environment;
  readonly client: Pick<ConnectionOptions, 'codec' | 'user' | 'credentials'>;
  readonly token: string | null;
  /** ms */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Whether the answer has begun: then a transport that was not welcomed is no longer at its beginning. */
  hasBegun(): boolean;
}

/** Resolves in any case, at the latest after `timeout`, and at once when it is aborted. */
export function probe(options: ProbeOptions): Promise<Outcome> {
  const { transport, url, environment, client, token, timeout, signal, hasBegun } = options;
  const { codec, user, credentials } = client;
  // Of its own, so that the server takes it for another page and supersedes nothing.
  const id = environment.createId();
  const hello = (): Hello => ({
    ...{ t: 'hello', v: [PROTOCOL_VERSION, PROTOCOL_VERSION], client: id, gen: 1, why: 'connect' },
    ...(token !== null && { token }),
  });
  return new Promise((resolve) => {
    let stage: Stage = 'nothing';
    let link: Link | null = null;
    let over = false;
    const finish = (outcome: Outcome): void => {
      if (over) return;
      over = true;
      environment.clearTimeout(timer);
      signal.removeEventListener('abort', late);
      link?.close(END.normal);
      resolve(outcome);
    };
    const reached = (): Stage => (stage === 'nothing' && hasBegun() ? 'opened' : stage);
    const late = (): void => finish({ state: 'silent', after: reached() });
    const timer = environment.setTimeout(late, timeout);
    signal.addEventListener('abort', late, { once: true });

    const receive = (frame: ServerFrame): void => {
      if (frame.t === 'bye') return finish({ state: 'refused', code: frame.code });
      if (frame.t === 'pong') return finish({ state: 'worked' });
      if (frame.t !== 'welcome' || stage === 'welcome') return;
      if (frame.v !== PROTOCOL_VERSION) return finish({ state: 'unfit', why: 'version' });
      if ((frame.user ?? 'anonymous') !== user) return finish({ state: 'unfit', why: 'user' });
      stage = 'welcome';
      // Later: the transport is still in the middle of what it received. It goes up another way than welcome came down.
      soon(() => !over && link?.send([{ t: 'ping', x: 1 }], frame.limits.message));
    };
    link = transport.open(
      {
        ...{ url, codec, environment, hello },
        ...(credentials !== undefined && { credentials }),
        opening() {
          // Where this is part of a request, nothing is open when it is made.
          if (stage === 'nothing' && link?.reopen === undefined) stage = 'opened';
          return [hello()];
        },
      },
      {
        onFrames: (frames) => frames.forEach((frame) => !over && receive(frame)),
        onEnd: ({ code, by, opened }) => {
          const after = opened && stage === 'nothing' ? 'opened' : stage;
          finish(
            by === 'server' && after !== 'nothing' && code > END.tooBig
              ? { state: 'refused', code }
              : { state: 'ended', after, code },
          );
        },
      },
    );
    if (signal.aborted) late();
  });
}
