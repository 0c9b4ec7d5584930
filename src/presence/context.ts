/** What presence asks of the client that it belongs to. */
import type { Line } from '../connection/line.ts';
import type { Checks } from '../contract/checks.ts';
import type { Environment } from '../platform/environment.ts';
import type { ClientFrame } from '../protocol/frame.ts';

export interface PresenceContext {
  readonly environment: Environment;
  /** The welcomed connection, if there is one. */
  line(): Line | null;
  /** @param now past what waits for the end of this tick */
  send(frame: ClientFrame, now?: 'now'): void;
  report(error: unknown): void;
  readonly checks: Checks | undefined;
}

export interface ChannelContext extends PresenceContext {
  /** A number that the page has never used. */
  nextK(): number;
  /** Somebody wants to be there, or to see who is. */
  wanted(): void;
}

/** What it needs of its channel. */
export interface PresenceHost {
  /** Keeps the channel subscribed until the returned function is called. */
  hold(): () => void;
  readonly isOpen: boolean;
  /** Sends `sub` again, if it is open. */
  ask(): void;
  /** @throws HoldfastError `destroyed` */
  assertAlive(): void;
}
