import type { Client } from 'holdfast';
import { internals } from '../../src/internals.ts';
import { soon } from '../../src/util/soon.ts';
import { createTimer } from '../../src/util/timer.ts';

/** A wait that can be called off. */
export interface Linger {
  begin(): void;
  cancel(): void;
}

/**
 * What a route change or StrictMode takes down and puts up again is kept meanwhile: for `timing.releaseAfter`, by the client's
 * own clock. Ends at once with the client, so that no timer outlives it.
 */
export function createLinger(client: Client, end: () => void): Linger {
  const { environment, timing } = internals.get(client)?.options ?? {};
  let wait: 'none' | 'under way' = 'none';
  let unwatch = (): void => {};
  const cancel = (): void => {
    wait = 'none';
    timer?.set(null);
    unwatch();
  };
  const over = (): void => {
    if (wait === 'none') return;
    cancel();
    end();
  };
  // A client of another copy of this library, or a stand-in for one, shows no clock.
  const timer = environment && createTimer(environment, over);
  const look = (): void => {
    if (client.status.get().state === 'closed') over();
  };
  return {
    begin() {
      wait = 'under way';
      if (timer === undefined) return soon(over);
      timer.set(environment!.now() + timing!.releaseAfter);
      unwatch = client.status.subscribe(look);
      look();
    },
    cancel,
  };
}
