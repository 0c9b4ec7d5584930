import type { Environment } from '../platform/environment.ts';
import type { Readable, Status, UiStatus } from '../types.ts';
import { createReadable } from '../util/readable.ts';
import { createTimer } from '../util/timer.ts';
import { type Downtime, NO_DOWNTIME, lookAt } from './ui-status.ts';

/** What the app is told of the connection: all of it, and what of it deserves a banner. */
export interface Statuses {
  readonly status: Readable<Status>;
  readonly uiStatus: Readable<UiStatus>;
  set(status: Status): void;
  /** The page was shown or hidden. */
  look(): void;
}

/** @param grace ms of downtime before `uiStatus` speaks */
export function createStatuses(environment: Environment, grace: number, report: (error: unknown) => void): Statuses {
  const status = createReadable<Status>({ state: 'idle' }, report);
  const uiStatus = createReadable<UiStatus>({ banner: 'hidden' }, report);
  let downtime: Downtime = NO_DOWNTIME;
  const timer = createTimer(environment, look);

  function look(): void {
    const { now, page } = environment;
    const result = lookAt(downtime, { status: status.get(), visible: page.visible(), now: now(), grace });
    downtime = result.downtime;
    timer.set(downtime.due);
    uiStatus.set(result.uiStatus);
  }

  return {
    status,
    uiStatus,
    set(next) {
      const before = status.get();
      status.set(next);
      // A round trip that was measured is no news here.
      if (status.get() !== before && (before.state !== 'connected' || next.state !== 'connected')) look();
    },
    look,
  };
}
