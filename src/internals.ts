/**
 * What `diagnose()` may know of a client. A table beside the client and no method of it, so that a bundle that does not name
 * `diagnose` has nothing of it but this table.
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
}

export const internals = new WeakMap<object, Internals>();
