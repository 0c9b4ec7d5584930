import type { Locks } from '../platform/environment.ts';

/**
 * Holds a Web Lock for as long as the page wants it.
 * @param onLost the browser took it away
 * @returns how to let go of it, or null if it is not free
 */
export function holdLock(locks: Locks, name: string, onLost: () => void): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    let held = false;
    const request = locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) {
        resolve(null);
        return Promise.resolve();
      }
      held = true;
      return new Promise<void>((release) => {
        resolve(() => {
          held = false;
          release();
        });
      });
    });
    // Also where locks exist and are refused, as in some frames.
    request.catch(() => {
      resolve(null);
      if (held) onLost();
    });
  });
}
