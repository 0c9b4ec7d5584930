/** The transports of one client: which of them the platform supports, and what the ladder knows, kept across reloads. */
import type { Environment } from '../platform/environment.ts';
import { isRecord } from '../protocol/parse.ts';
import type { Transport } from '../transports/transport.ts';
import {
  type Choice,
  type Happening,
  type Ladder,
  type Memories,
  climbOf,
  createLadder,
  note,
  patienceOf,
  planOf,
} from './ladder.ts';
import type { Facts } from './state.ts';

export interface Ways {
  /** What the machine may know of them. @param rung of the transport in use; null if there is none */
  facts(rung: number | null): Pick<Facts, 'plan' | 'climb' | 'raceAfter'>;
  note(happening: Happening): void;
  /** The newest last. */
  readonly choices: readonly Choice[];
}

export interface WaysOptions {
  readonly environment: Environment;
  readonly transports: readonly Transport[];
  readonly url: string;
  /** ms; undefined: by the round trip that is remembered. */
  readonly raceAfter: number | undefined;
}

export function createWays({ environment, transports, url, raceAfter }: WaysOptions): Ways {
  const key = `holdfast:ways:${url}`;
  const rungs = transports.map(({ name, upgradeOnly = false }) => ({ name, upgradeOnly }));
  let ladder: Ladder | null = null;

  // Not before it is needed: making a client reads nothing.
  const read = (): Ladder => {
    const { storage, page } = environment;
    return (ladder ??= createLadder(rungs, page.network(), parse(storage?.get(key) ?? null)));
  };

  return {
    facts(rung) {
      const supported = transports.flatMap((transport, index) => (transport.isSupported(environment) ? [index] : []));
      const now = environment.now();
      return {
        plan: planOf(read(), supported, now),
        climb: rung === null ? [] : climbOf(read(), rung, supported),
        raceAfter: raceAfter === undefined ? patienceOf(read()) : rungs.map(() => raceAfter),
      };
    },
    note(happening) {
      const before = read();
      ladder = note(before, happening, environment.now());
      if (ladder.memories !== before.memories) environment.storage?.set(key, JSON.stringify(ladder.memories));
    },
    get choices() {
      return ladder?.choices ?? [];
    },
  };
}

/** Whatever else wrote there: what is not understood is not known. */
function parse(text: string | null): Memories {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isRecord(value) && Object.values(value).every((here) => isRecord(here) && Object.values(here).every(isKnowledge))
      ? (value as Memories)
      : {};
  } catch {
    return {};
  }
}

/** A time that is no number would be waited for. */
function isKnowledge(value: unknown): boolean {
  return isRecord(value) && Object.entries(value).every(([key, part]) => typeof part === (key === 'why' ? 'string' : 'number'));
}
