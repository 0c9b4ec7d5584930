/** A page that saves data rests once it has been hidden for a while: nobody looks at what it would be told. */
import type { Environment } from '../platform/environment.ts';
import { createTimer } from '../util/timer.ts';
import type { ConnectionOptions } from './session.ts';

/** ms */
const NAP_AFTER = 60_000;

export type Saver = Pick<ConnectionOptions, 'saves' | 'busy'>;

/** @returns to be called when anything changes. `wide`: there is something to rest from */
export function createNap(environment: Environment, { saves, busy }: Saver, onNap: () => void): (wide: boolean) => void {
  let since: number | null = null;
  const timer = createTimer(environment, () => {
    since = null;
    if (saves() && !busy()) onNap();
    else look(true);
  });
  function look(wide: boolean): void {
    since = wide && saves() && !environment.page.visible() ? (since ?? environment.now()) : null;
    timer.set(since === null ? null : since + NAP_AFTER);
  }
  return look;
}
