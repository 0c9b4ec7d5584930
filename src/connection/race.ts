/**
 * The hedged race of one attempt: the next transport is started beside one that is silent for too long, or in the place of
 * one that failed, and the first `welcome` wins. Pure. Transports are named by their rung: 0 is the most preferred.
 *
 * @see Dean and Barroso, "The Tail at Scale" (2013), for hedged requests; RFC 8305 ("Happy Eyeballs") for the same race
 */
export interface Runner {
  readonly rung: number;
  /** Given up without a `welcome`. */
  readonly until: number;
}

export interface Race {
  /** Not started yet, in order. */
  readonly left: readonly number[];
  readonly running: readonly Runner[];
  /** When the next of those left is started; null if none is left. */
  readonly nextAt: number | null;
}

export interface RaceFacts {
  readonly now: number;
  readonly openTimeout: number;
  /** How long each rung may be silent before the next is started beside it, ms. */
  readonly raceAfter: readonly number[];
}

/** @returns the race with its next transport started, if there is one */
export function startNext({ left, running }: Race, { now, openTimeout, raceAfter }: RaceFacts): Race {
  const [rung, ...rest] = left;
  if (rung === undefined) return { left, running, nextAt: null };
  return {
    left: rest,
    running: [...running, { rung, until: now + openTimeout }],
    nextAt: rest.length === 0 ? null : now + (raceAfter[rung] ?? openTimeout),
  };
}

/** The rung is out of it. Where nothing else is running the next one is due at once. */
export function without(race: Race, rung: number, now: number): Race {
  const running = race.running.filter((runner) => runner.rung !== rung);
  return { ...race, running, nextAt: running.length === 0 && race.left.length > 0 ? now : race.nextAt };
}

/** Those that would still be better than `rung`; the older ones have until `latest`. */
export function above(race: Race, rung: number, older: readonly number[], latest: number): Race {
  const better = race.running.filter((runner) => runner.rung < rung);
  const running = better.map((runner) =>
    older.includes(runner.rung) ? { ...runner, until: Math.min(runner.until, latest) } : runner,
  );
  return { left: [], running, nextAt: null };
}

/** By a clock that was set back, what was begun before would have more time than it had at first. */
export function bounded({ left, running, nextAt }: Race, { now, openTimeout }: RaceFacts): Race {
  const latest = now + openTimeout;
  const within = running.map((runner) => (runner.until > latest ? { ...runner, until: latest } : runner));
  return { left, running: within, nextAt: nextAt && Math.min(nextAt, latest) };
}

/** When something of it is due. */
export function dueOf({ running, nextAt }: Race): number {
  return Math.min(nextAt ?? Infinity, ...running.map(({ until }) => until));
}
