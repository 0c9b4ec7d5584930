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
  // A client of another copy of this library, or a stand-in for one, shows no clock: then it ends as soon as it may.
  const { options: { environment, timing } = {}, ends } = internals.get(client) ?? {};
  let wait: 'none' | 'under way' = 'none';
  const cancel = (): void => {
    wait = 'none';
    timer?.set(null);
    ends?.delete(over);
  };
  const over = (): void => {
    if (wait === 'none') return;
    cancel();
    end();
  };
  const timer = environment && createTimer(environment, over);
  return {
    begin() {
      wait = 'under way';
      if (timer === undefined || client.status.get().state === 'closed') return soon(over);
      ends?.add(over);
      timer.set(environment!.now() + timing!.releaseAfter);
    },
    cancel,
  };
}
