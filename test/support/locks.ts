/** The locks of one browser profile: W3C "Web Locks", as far as the outbox uses them. */
import type { Locks } from '../../src/platform/environment.ts';
import type { Holder } from './disk.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface ProfileLocks {
  of(holder: Holder): Locks;
  /** Names that are held. */
  readonly held: readonly string[];
  heldBy(holder: Holder): readonly string[];
  /** The page is gone: what it held is free. */
  release(holder: Holder): void;
  /** Somebody stole it: it is free at once, and its holder is told in a task of its own. @returns whether it was held */
  lose(name: string): boolean;
}

interface Held {
  readonly holder: Holder;
  readonly lose: () => void;
}

export function createLocks(clock: Pick<VirtualClock, 'setTimeout'>): ProfileLocks {
  const held = new Map<string, Held>();

  const request = (holder: Holder, name: string, run: (lock: object | null) => Promise<void>): Promise<unknown> =>
    new Promise<void>((resolve, reject) => {
      const taken = held.has(name);
      const mine: Held = {
        holder,
        lose: () => reject(new DOMException('The lock was stolen.', 'AbortError')),
      };
      const free = (): void => {
        if (held.get(name) === mine) held.delete(name);
      };
      if (!taken) held.set(name, mine);
      const call = (): void => {
        const over = run(taken ? null : { name, mode: 'exclusive' }).finally(free);
        // Not `resolve(over)`, after which nothing could tell that it was stolen.
        over.then(resolve, reject);
      };
      // Who has it is decided elsewhere, so the page never hears of it within its own call.
      clock.setTimeout(() => holder.arrive(call), 0);
    });

  return {
    of: (holder) => ({
      request(name, options, run) {
        if (name.startsWith('-')) return Promise.reject(new DOMException('Such names are reserved.', 'NotSupportedError'));
        if (!options.ifAvailable) return Promise.reject(new DOMException('Only ifAvailable.', 'NotSupportedError'));
        return request(holder, name, run);
      },
    }),
    get held() {
      return [...held.keys()];
    },
    heldBy: (holder) => [...held].filter(([, lock]) => lock.holder === holder).map(([name]) => name),
    release(holder) {
      for (const [name, lock] of held) if (lock.holder === holder) held.delete(name);
    },
    lose(name) {
      const lock = held.get(name);
      if (lock === undefined) return false;
      held.delete(name);
      clock.setTimeout(() => lock.holder.arrive(lock.lose), 0);
      return true;
    },
  };
}
