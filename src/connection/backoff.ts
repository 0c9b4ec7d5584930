/**
 * How long to wait before the next attempt. Full jitter is drawn after the cap: drawn before it, every client that has
 * reached the cap waits the same time, and they come back as one wave.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("Full Jitter")
 */
export function fullJitter(failures: number, base: number, cap: number, random: number): number {
  // 2 ** 1024 is Infinity, which the cap absorbs.
  return random * Math.min(cap, base * 2 ** Math.max(0, failures - 1));
}

/** After a long-lived connection was lost for no local reason, everybody else lost theirs too: spread the first try. */
export const FIRST_TRY_SPREAD = 2000;
/** After a sign that the network is back, hardly anybody else had the same: try nearly at once. */
export const HINTED_SPREAD = 500;

/**
 * How long a doubtful connection is waited for before another one is opened beside it, ms, and what chance adds. A hint is
 * local, as a rule. But when a server falls silent all its clients notice at once: most of a stall is waited for, and what
 * is left of the time until the verdict is used up to spread them.
 */
const PATIENCE = {
  hint: { least: 500, spread: 500 },
  silence: { least: 2000, spread: 2000 },
} as const;
/** An answer takes a round trip, and a bad line is not twice alike. */
const ROUND_TRIPS = 1.5;
/** ms */
const LONGEST_PATIENCE = 3000;

export function patience(cause: keyof typeof PATIENCE, random: number, roundTrip: number): number {
  const { least, spread } = PATIENCE[cause];
  return Math.min(LONGEST_PATIENCE, Math.max(least, ROUND_TRIPS * roundTrip)) + random * spread;
}

const WINDOW = 60_000;
const ATTEMPTS_PER_WINDOW = 15;

/** Times of the attempts that still count against the limit of 15 a minute (invariant I13). */
export function recentAttempts(attempts: readonly number[], now: number): readonly number[] {
  // A clock that was set back must not block attempts for hours.
  return attempts.filter((at) => at > now - WINDOW && at <= now).slice(-ATTEMPTS_PER_WINDOW);
}

/** The earliest time at which one more attempt keeps the limit. */
export function earliestAttempt(attempts: readonly number[], now: number): number {
  const recent = recentAttempts(attempts, now);
  return recent.length < ATTEMPTS_PER_WINDOW ? now : recent[0]! + WINDOW;
}

const FIRST_CLIMB = 30_000;
const CLIMB_BASE = 300_000;
const CLIMB_CAP = 3_600_000;
const CLIMB_SOON = 1000;

/**
 * How long a lesser transport is used before better ones are tried, ms: 30 s, after failures 5 min doubling to 1 h, on
 * another network 1 s; each ± 25 %, so that those who fell together do not climb together.
 */
export function climbAfter(failures: number, random: number): number {
  const mean = failures < 0 ? CLIMB_SOON : failures === 0 ? FIRST_CLIMB : Math.min(CLIMB_CAP, CLIMB_BASE * 2 ** (failures - 1));
  return mean * (0.75 + random / 2);
}
