import type { Line } from '../connection/line.ts';
import type { Checks } from '../contract/checks.ts';
import type { Environment } from '../platform/environment.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import type { OutboxOptions } from '../options.ts';
import type { Outcome } from '../types.ts';

/** What the outbox needs from the client it lives in. */
export interface OutboxContext {
  readonly environment: Environment;
  readonly user: string;
  /** Absolute address of the server. */
  url(): string;
  line(): Line | null;
  /** When the last frame of the present connection came; -Infinity without one. */
  heardAt(): number;
  /** Bytes that wait for the network. */
  buffered(): number;
  send(frame: ClientFrame): void;
  need(): void;
  report(error: unknown): void;
  /** @returns whether anybody listens */
  onOutcome(outcome: Outcome): boolean;
  readonly checks: Pick<Checks, 'event'> | undefined;
}

export type OutboxSettings = Required<Omit<OutboxOptions, 'migrate'>> & Pick<OutboxOptions, 'migrate'>;
