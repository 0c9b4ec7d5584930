/**
 * What `diagnose()` and the adapters may know of a client. A table beside the client and no method of it, so that a bundle
 * that names neither has nothing of them but this table.
 */
import type { Choice } from './connection/ladder.ts';
import type { ConnectionOptions } from './connection/session.ts';

export interface Internals {
  readonly options: ConnectionOptions;
  readonly connection: {
    /** The one at hand; null: anonymous, or none was needed yet. */
    readonly token: string | null;
    readonly choices: readonly Choice[];
  };
  /** Called when the client ends, before anything else is told of it: what holds a timer lets it go. */
  readonly ends: Set<() => void>;
}

export const internals = new WeakMap<object, Internals>();
