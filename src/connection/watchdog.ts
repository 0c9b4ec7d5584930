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
/** The part of it after which the client asks, so that another connection can be up when the rest has passed. ms */
const DOUBT_AFTER = 6000;
/** A check is settled within, ms, on all but the slowest lines. */
const VERDICT = 2000;
/** What a slow line gets, in round trips and at most, ms: an answer may be on its way behind much else. */
const ROUND_TRIPS = 3;
const LONGEST_VERDICT = 6000;
/** Frames that were on their way before a page slept are handed to it when it wakes, and prove nothing. ms */
const SETTLING = 250;
/** A timer that fires this much late, ms, means that the page did not run: frames may be queued behind it. */
const LATE = 1000;

export function watchFrom(now: number, ping: number): Watch {
  return { state: 'watching', due: now + ping + DOUBT_AFTER };
}

/** @param roundTrip ms, 0 if it was never measured */
export function verdictAfter(roundTrip: number): number {
  return Math.min(LONGEST_VERDICT, Math.max(VERDICT, ROUND_TRIPS * roundTrip));
}

/** Doubt: the page slept, was shown again, or the network changed. */
export function check(now: number, roundTrip = 0): Watch {
  return { state: 'checking', since: now, due: now + verdictAfter(roundTrip) };
}

/** @param answer whether it answers what was asked since the check began: then it may come as soon as it likes */
export function provesLife(watch: Watch, now: number, answer: boolean): boolean {
  // A clock that was set back must not make the proof wait.
  return watch.state === 'watching' || answer || Math.abs(now - watch.since) >= SETTLING;
}

/** The watch's own timer fired: while checking, that no sign of life came. */
export function look(watch: Watch, now: number, lastFrame: number, ping: number, roundTrip = 0): Look {
  if (watch.state === 'watching') {
    const next = watchFrom(lastFrame, ping);
    if (next.due > now) return { watch: next, action: 'none' };
    const due = Math.max(now + verdictAfter(roundTrip), lastFrame + ping + GRACE);
    return { watch: { state: 'checking', since: now, due }, action: 'ask' };
  }
  // A late timer runs before the frames that came meanwhile: they get their turn, and the peer one more question.
  // Only once: in a hidden tab every timer is late, and a dead connection must not be asked for ever.
  if (now - watch.due > LATE && watch.state === 'checking') {
    return { watch: { state: 'rechecking', since: now, due: now + verdictAfter(roundTrip) }, action: 'ask' };
  }
  return { watch, action: 'give-up' };
}
