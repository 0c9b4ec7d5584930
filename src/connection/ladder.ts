/**
 * Which transport is tried first, and why: what worked and what did not, on each network, with an age. Pure. It is only
 * knowledge; the race (race.ts) and the times at which better transports are tried (machine.ts) are decided with it.
 */

/** What is remembered of one transport on one network. Times are ms since 1970. */
export interface Knowledge {
  /** It last carried a connection. */
  readonly goodAt?: number;
  /** It failed while another one worked. */
  readonly blockedAt?: number;
  /** Why, as the name of an end. */
  readonly why?: string;
  /** ms */
  readonly roundTrip?: number;
  /** Connections in a row that ended by its fault. */
  readonly strikes?: number;
}

/** By network, then by name of the transport. */
export type Memories = Readonly<Record<string, Readonly<Record<string, Knowledge>>>>;

export interface Rung {
  readonly name: string;
  readonly upgradeOnly: boolean;
}

/** Why a transport carries, and what became of those that would have been preferred. */
export interface Choice {
  readonly at: number;
  readonly network: string;
  readonly transport: string;
  /** better: found beside a lesser one that worked. */
  readonly why: 'preferred' | 'remembered' | 'others-failed' | 'others-slow' | 'better';
  readonly passed: readonly { readonly transport: string; readonly why: string }[];
}

export interface Ladder {
  /** The most preferred first. */
  readonly rungs: readonly Rung[];
  readonly network: string;
  readonly memories: Memories;
  /** Failed in this attempt, before any was welcomed: the network itself may be at fault. */
  readonly failing: Readonly<Record<string, string>>;
  /** The newest last. */
  readonly choices: readonly Choice[];
}

export type Happening =
  | { readonly type: 'network'; readonly name: string }
  | { readonly type: 'attempt' }
  /** @param beside a lesser one that works */
  | { readonly type: 'welcome'; readonly rung: number; readonly running: readonly number[]; readonly beside: boolean }
  /** An opening failed. @param beside one that works */
  | { readonly type: 'failed'; readonly rung: number; readonly why: string; readonly beside: boolean }
  | { readonly type: 'stable'; readonly rung: number; readonly roundTrip: number | null }
  /** A connection ended. @param fault by its transport's: lost before it was stable, or spoilt by something between */
  | { readonly type: 'ended'; readonly rung: number; readonly why: string; readonly fault: boolean };

const GOOD_FOR = 24 * 3_600_000;
const BLOCKED_FOR = 20 * 60_000;
/** Until a transport is taken for blocked. One that is held back will be so again. */
const STRIKES = 3;
const LEAST_PATIENCE = 1500;
/** Of a slow line's round trips, ms. */
const MOST_PATIENCE = 5000;
const ROUND_TRIPS = 4;
const CHOICES = 20;
/** Networks that are remembered. */
const NETWORKS = 8;

export function createLadder(rungs: readonly Rung[], network: string, memories: Memories = {}): Ladder {
  return { rungs, network, memories, failing: {}, choices: [] };
}

function known({ memories, network }: Ladder, name: string): Knowledge {
  return memories[network]?.[name] ?? {};
}

/** A clock that was set back makes nothing younger than now. */
function isFresh(at: number | undefined, life: number, now: number): boolean {
  return at !== undefined && now - at < life && at <= now;
}

function isBlocked({ blockedAt, goodAt = 0 }: Knowledge, now: number): boolean {
  return isFresh(blockedAt, BLOCKED_FOR, now) && (blockedAt! >= goodAt || goodAt > now);
}

function isGood(knowledge: Knowledge, now: number): boolean {
  return isFresh(knowledge.goodAt, GOOD_FOR, now) && !isBlocked(knowledge, now);
}

/**
 * What an attempt tries, in order: the best of those that worked here lately, then by preference, and last what is blocked,
 * since nothing else may work either.
 */
export function planOf(ladder: Ladder, supported: readonly number[], now: number): readonly number[] {
  const usable = supported.filter((rung) => !ladder.rungs[rung]!.upgradeOnly);
  const knowledge = (rung: number): Knowledge => known(ladder, ladder.rungs[rung]!.name);
  const first = usable.find((rung) => isGood(knowledge(rung), now));
  const rank = (rung: number): number => (rung === first ? 0 : isBlocked(knowledge(rung), now) ? 2 : 1);
  return usable.sort((a, b) => rank(a) - rank(b) || a - b);
}

/** What would be better than `rung`: what needs a connection to begin with comes last, for it gains least. */
export function climbOf({ rungs }: Ladder, rung: number, supported: readonly number[]): readonly number[] {
  const last = (index: number): number => Number(rungs[index]!.upgradeOnly);
  return supported.filter((index) => index < rung).sort((a, b) => last(a) - last(b) || a - b);
}

/** How long a transport may be silent before the next one is started beside it, ms. */
export function patienceOf(ladder: Ladder): readonly number[] {
  return ladder.rungs.map(({ name }) => {
    const roundTrip = known(ladder, name).roundTrip ?? 0;
    return Math.max(LEAST_PATIENCE, Math.min(MOST_PATIENCE, ROUND_TRIPS * roundTrip));
  });
}

export function note(ladder: Ladder, happening: Happening, now: number): Ladder {
  switch (happening.type) {
    case 'network':
      return { ...ladder, network: happening.name, failing: {} };
    case 'attempt':
      return { ...ladder, failing: {} };
    case 'welcome':
      return welcomed(ladder, happening, now);
    case 'failed': {
      const { name } = ladder.rungs[happening.rung]!;
      if (happening.beside) return learn(ladder, name, { blockedAt: now, why: happening.why });
      return { ...ladder, failing: { ...ladder.failing, [name]: happening.why } };
    }
    case 'stable': {
      const { rung, roundTrip } = happening;
      const measured = roundTrip === null ? {} : { roundTrip };
      // A page may be closed before its connection has an end.
      return learn(ladder, ladder.rungs[rung]!.name, { goodAt: now, strikes: 0, ...measured });
    }
    case 'ended':
      return ended(ladder, happening, now);
  }
}

function welcomed(ladder: Ladder, { rung, running, beside }: Extract<Happening, { type: 'welcome' }>, now: number): Ladder {
  const { name } = ladder.rungs[rung]!;
  let next: Ladder = { ...ladder, failing: {} };
  // That this one came through proves that the network was not at fault.
  for (const [failed, why] of Object.entries(ladder.failing)) next = learn(next, failed, { blockedAt: now, why });
  const slow = running.filter((other) => other < rung).map((other) => ladder.rungs[other]!.name);
  const passed = [
    ...Object.entries(ladder.failing).map(([transport, why]) => ({ transport, why })),
    ...slow.map((transport) => ({ transport, why: 'slow' })),
  ];
  const choice: Choice = { at: now, network: ladder.network, transport: name, why: whyOf(ladder, rung, slow, beside), passed };
  next = { ...next, choices: [...ladder.choices, choice].slice(-CHOICES) };
  // At once, and not when it is stable: a page that is loaded again meanwhile need not wait for a slow one again.
  const { strikes = 0 } = known(ladder, name);
  return strikes > 0 ? next : learn(next, name, { goodAt: now });
}

function whyOf(ladder: Ladder, rung: number, slow: readonly string[], beside: boolean): Choice['why'] {
  if (beside) return 'better';
  if (Object.keys(ladder.failing).length > 0) return 'others-failed';
  if (slow.length > 0) return 'others-slow';
  return ladder.rungs.findIndex(({ upgradeOnly }) => !upgradeOnly) === rung ? 'preferred' : 'remembered';
}

/** One that proves itself and dies young, again and again, is worse than one that fails at once. */
function ended(ladder: Ladder, { rung, why, fault }: Extract<Happening, { type: 'ended' }>, now: number): Ladder {
  const { name } = ladder.rungs[rung]!;
  const { strikes = 0 } = known(ladder, name);
  if (!fault) return strikes === 0 ? ladder : learn(ladder, name, { strikes: 0 });
  const most = why === 'buffered' ? 1 : STRIKES;
  return learn(ladder, name, strikes + 1 < most ? { strikes: strikes + 1 } : { strikes: 0, blockedAt: now, why });
}

function learn(ladder: Ladder, name: string, news: Knowledge): Ladder {
  const { memories, network } = ladder;
  const here = { ...memories[network], [name]: { ...known(ladder, name), ...news } };
  const others = Object.entries(memories).filter(([other]) => other !== network);
  return { ...ladder, memories: Object.fromEntries([...others.slice(1 - NETWORKS), [network, here]]) };
}
