/** What the page lives through, as the connection hears of it: the browser's hints, and the clock. */
import type { Environment } from '../platform/environment.ts';
import type { Hint } from '../platform/page.ts';
import type { Reason } from '../types.ts';
import { createTimer } from '../util/timer.ts';
import { type Saver, createNap } from './nap.ts';

/** How often the clock is looked at while the page is shown, ms. A machine that wakes tells nobody. */
const TICK = 2000;
/** A look this much too late or too early means that the machine slept or the clock was set, ms. */
const JUMP = 3000;

export interface Senses {
  /** @param attentive whether a jump of the clock would mean anything now */
  listen(attentive: boolean): void;
  /** Nothing is attached to the page any more. */
  stop(): void;
  /** What the page was like since then: whether it stood still at any time, and else what it is now. */
  pageSince(time: number): Reason['page'];
}

/** jump: of the clock. nap: a page that saves data has been hidden for long. */
export type Sensed = Exclude<Hint, 'save-data'> | 'jump' | 'nap';

export function createSenses(environment: Environment, onHint: (hint: Sensed) => void, saver: Saver): Senses {
  const nap = createNap(environment, saver, () => onHint('nap'));
  let unwatch: (() => void) | null = null;
  let attentive = false;
  let lookAt = 0;
  let stood: { readonly page: 'frozen' | 'asleep'; readonly until: number } | null = null;

  const clock = createTimer(environment, () => {
    const now = environment.now();
    const jumped = now - lookAt > JUMP || now - lookAt < -JUMP;
    if (jumped) slept(now);
    look();
    if (jumped) onHint('jump');
  });

  function slept(now: number): void {
    if (stood?.until !== Infinity) stood = { page: 'asleep', until: now };
  }

  function look(): void {
    // In a hidden page the timer would only be held up, and being shown again is a hint of its own.
    const due = attentive && environment.page.visible() ? environment.now() + TICK : null;
    if (due !== null) lookAt = due;
    clock.set(due);
    nap(attentive);
  }

  function goOn(): void {
    if (stood?.until === Infinity) stood = { page: 'frozen', until: environment.now() };
  }

  function hear(hint: Hint): void {
    if (hint === 'freeze' || hint === 'pagehide') stood = { page: 'frozen', until: Infinity };
    // Whatever is heard after it tells that the page runs again.
    else goOn();
    if (hint === 'hidden' || hint === 'visible' || hint === 'save-data') look();
    if (hint !== 'save-data') onHint(hint);
  }

  return {
    listen(next) {
      unwatch ??= environment.page.watch(hear);
      if (next === attentive) return;
      attentive = next;
      // Or it runs without having said so.
      if (next) goOn();
      look();
    },
    stop() {
      attentive = false;
      clock.set(null);
      nap(false);
      unwatch?.();
      unwatch = null;
    },
    pageSince(time) {
      const now = environment.now();
      // Whoever asks may be woken before the clock is looked at.
      if (attentive && environment.page.visible() && now - lookAt > JUMP) slept(now);
      if (stood !== null && stood.until >= time) return stood.page;
      return environment.page.visible() ? 'visible' : 'hidden';
    },
  };
}
