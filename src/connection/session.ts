/** What a connection is made with, and who lives on it. */
import type { HoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Codec } from '../protocol/codec.ts';
import type { ClientFrame, SessionFrame } from '../protocol/frame.ts';
import type { Credentials, Transport } from '../transports/transport.ts';
import type { ClientOptions, TimingOptions } from '../types.ts';
import type { Line } from './line.ts';

/** Who lives on the connection. */
export interface Session {
  /** One `sub` for each wanted channel; made anew for each opening. */
  opening(gen: number): readonly ClientFrame[];
  welcomed(line: Line): void;
  received(line: Line, frame: SessionFrame): void;
  /** Whether an answer is still to come on this connection that can come on no other. */
  awaits(gen: number): boolean;
  /**
   * @param code null if it carried nothing, or another one carries on
   * @returns true if it removed the cause of a final code (a batch that is now sent item by item)
   */
  lost(gen: number, code: number | null): boolean;
  /** The page is left; frames that are sent past the queue may still arrive. */
  leaving(): void;
  /** There will be no other connection. */
  closed(error: HoldfastError): void;
}

export interface ConnectionOptions {
  readonly environment: Environment;
  readonly url: string;
  readonly transports: readonly Transport[];
  readonly codec: Codec;
  readonly user: string;
  readonly getToken: ClientOptions['getToken'];
  readonly credentials: Credentials | undefined;
  readonly timing: Required<Omit<TimingOptions, 'raceAfter' | 'requestTimeout'>> & Pick<TimingOptions, 'raceAfter'>;
  /** Whether data are to be saved, now. */
  saves(): boolean;
  /** Something waits for the server. */
  busy(): boolean;
  report(error: unknown): void;
  trace(name: string, detail: Readonly<Record<string, unknown>>): void;
}
