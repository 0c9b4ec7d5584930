import type { DataChannel, PeerConnection, RtcConfig } from 'node-datachannel';

/** What is used of `node-datachannel`. */
export interface RtcLibrary {
  readonly PeerConnection: new (name: string, config: RtcConfig) => PeerConnection;
  /** Ends the threads of the library, and every connection that anybody made with it in this process. */
  cleanup(): void;
}

export type { DataChannel, PeerConnection, RtcConfig };

const SETTLE = 100;

/** Servers of this process that have it in use. */
let users = 0;

/**
 * An optional peer dependency of 10 MB with native code, loaded when the first offer comes.
 *
 * @throws what Node says of a package that is not installed, or has no binary for this platform
 */
export async function acquireLibrary(): Promise<RtcLibrary> {
  const library: RtcLibrary = await import('node-datachannel');
  users += 1;
  return library;
}

/** After the last one nothing of it keeps the process from ending; loaded once more it starts again. */
export function releaseLibrary(library: RtcLibrary): void {
  users -= 1;
  if (users > 0) return;
  // Not in a callback of the library, which would wait for itself, nor while its threads still close the last connection.
  setTimeout(() => {
    if (users === 0) library.cleanup();
  }, SETTLE);
}
