import type { Line } from '../connection/line.ts';
import type { Reception } from '../contract/reception.ts';
import type { ChannelOptions, SnapshotContext } from '../options.ts';
import type { Environment } from '../platform/environment.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import type { Reset } from '../types.ts';
import type { Bookmarks } from './bookmark.ts';

/** What a feed needs from the client it lives in. */
export interface FeedContext {
  readonly environment: Environment;
  /** The welcomed connection, if there is one. */
  line(): Line | null;
  send(frame: ClientFrame): void;
  /** A number that the page has never used. */
  nextK(): number;
  /** The version of the members that is known; undefined if nobody watches. */
  presence(channel: string): string | undefined;
  isOwn(id: string, by: string | undefined): boolean;
  report(error: unknown): void;
  /** @returns whether anybody listens */
  onReset(reset: Reset): boolean;
  readonly bookmarks: Bookmarks;
  /** Of the contract, if there is one. */
  readonly reception: Reception | undefined;
}

/** `params`: of the pattern that the options are for. */
export type FeedOptions = ChannelOptions &
  Partial<Pick<SnapshotContext, 'params'>> & {
    /** Of the members: the version that is known; undefined if nobody watches. */
    readonly pv?: () => string | undefined;
  };
