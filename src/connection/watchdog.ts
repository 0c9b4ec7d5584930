/**
 * Is the connection alive? Judged by timestamps, because timers stop while a page sleeps, and run once a minute in a
 * hidden tab. Any frame is a sign of life.
 */
export type Watch =
  | { readonly state: 'watching'; readonly due: number }
  /** A sign of life was asked for at `since`. rechecking: for the last time, since the verdict came late before. */
  | { readonly state: 'checking' | 'rechecking'; readonly since: number; readonly due: number };

export type Look = { readonly watch: Watch; readonly action: 'none' | 'ask' | 'give-up' };

/** What the network may add to the server's heartbeat, ms. */
const GRACE = 10_000;
/** A check is settled within, ms. */
export const VERDICT = 2000;
/** A timer that fires this much late, ms, means that the page did not run: frames may be queued behind it. */
const LATE = 1000;

export function watchFrom(now: number, ping: number): Watch {
  return { state: 'watching', due: now + ping + GRACE };
}

/** Doubt: the page slept, was shown again, or the network changed. */
export function check(now: number): Watch {
  return { state: 'checking', since: now, due: now + VERDICT };
}

/** The watch's own timer fired. */
export function look(watch: Watch, now: number, lastFrame: number, ping: number): Look {
  // An answer within the clock's own step has the time of the question: a millisecond, or 100 where browsers blur time.
  const answered = watch.state === 'watching' ? lastFrame > watch.due - ping - GRACE : lastFrame >= watch.since;
  if (answered || (watch.state === 'watching' && lastFrame + ping + GRACE > now)) {
    const next = watchFrom(lastFrame, ping);
    return next.due > now ? { watch: next, action: 'none' } : { watch: check(now), action: 'ask' };
  }
  // A late timer runs before the frames that came meanwhile: they get their turn, and the peer one more question.
  // Only twice: in a hidden tab every timer is late, and a dead connection must not be asked for ever.
  if (now - watch.due > LATE && watch.state !== 'rechecking') {
    const state = watch.state === 'watching' ? 'checking' : 'rechecking';
    return { watch: { state, since: now, due: now + VERDICT }, action: 'ask' };
  }
  return { watch, action: 'give-up' };
}
