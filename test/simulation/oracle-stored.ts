/** What was stored ends, whichever page it is that tells: I1, I3 and I4 for the tabs of a profile. */
import type { Outcome } from '../../src/types.ts';
import type { Logs } from './oracle-logs.ts';

export interface Offered {
  readonly profile: string;
  readonly page: number;
  readonly id: string;
  readonly channel: string;
  readonly whenInDoubt: 'resend' | 'surface' | 'drop';
}

interface Kept extends Offered {
  /** When its page was told so; null: it may be gone with it. */
  storedAt: number | null;
  /** The disk lost it, or may have. */
  excused: boolean;
  report: { readonly page: number; readonly outcome: Outcome; readonly at: number } | null;
}

type Fail = (invariant: string, sentence: string) => void;

/** Until a system has written out what was committed, ms. */
const WRITE_OUT = 5000;

export class Stored {
  readonly #now: () => number;
  readonly #fail: Fail;
  readonly #logs: Logs;
  readonly #kept = new Map<string, Kept>();

  constructor(now: () => number, fail: Fail, logs: Logs) {
    this.#now = now;
    this.#fail = fail;
    this.#logs = logs;
  }

  offered(publication: Offered): void {
    this.#kept.set(publication.id, { ...publication, storedAt: null, excused: false, report: null });
  }

  endOf(id: string): Outcome['result'] | null {
    return this.#kept.get(id)?.report?.outcome.result ?? null;
  }

  isAnothers(page: number, id: string): boolean {
    const kept = this.#kept.get(id);
    return kept !== undefined && kept.page !== page;
  }

  stored(id: string): void {
    const kept = this.#kept.get(id);
    if (kept !== undefined) kept.storedAt ??= this.#now();
  }

  powerLost(profile: string, durability: 'relaxed' | 'strict'): void {
    const since = durability === 'strict' ? Infinity : this.#now() - WRITE_OUT;
    this.#excuse(({ profile: of, storedAt }) => of === profile && storedAt !== null && storedAt >= since);
  }

  evicted(profile: string): void {
    this.#excuse((kept) => kept.profile === profile);
  }

  ended(page: number, outcome: Outcome): void {
    const kept = this.#kept.get(outcome.id);
    if (kept === undefined) return;
    const before = kept.report;
    if (
      before !== null &&
      before.page !== page &&
      !isSame(before.outcome, outcome) &&
      ![before.outcome, outcome].some((each) => this.#isMoot(kept, each))
    ) {
      const told = [before.outcome, outcome].map(inWords).join(', and then as ');
      this.#fail('I3', `${outcome.id}: pages ${before.page} and ${page} were told that it ended as ${told}`);
    }
    if (before === null || before.outcome.result === 'uncertain') kept.report = { page, outcome, at: this.#now() };
  }

  /** After a quiet time, in which every user of each profile had a page. */
  settle(): void {
    for (const [id, kept] of this.#kept) {
      const { page, channel, storedAt, excused, report } = kept;
      if (report === null) {
        if (storedAt !== null && !excused) this.#fail('I3', `${id} of page ${page} was stored at ${storedAt}, and never ended`);
        continue;
      }
      const { result } = report.outcome;
      if (result === 'uncertain' || result === 'lost' || this.#isMoot(kept, report.outcome)) continue;
      const stands = this.#logs.find(channel, id) !== null;
      if (stands === (result === 'accepted')) continue;
      const truth = stands ? 'stands in the log' : 'does not stand in the log';
      this.#fail('I1', `page ${report.page} was told that ${id} of page ${page} ended as ${result}, and it ${truth}`);
    }
  }

  /** The store may have lost what it knew since, or the app does not want to know. */
  #isMoot({ report, whenInDoubt }: Kept, outcome: Outcome): boolean {
    if (whenInDoubt === 'drop' && outcome.result === 'closed') return true;
    const place =
      outcome.result === 'accepted' && outcome.cursor !== null ? this.#logs.at(outcome.channel, outcome.cursor) : null;
    return this.#logs.lostSince(place?.at ?? report!.at);
  }

  #excuse(whom: (kept: Kept) => boolean): void {
    for (const kept of this.#kept.values()) if (whom(kept)) kept.excused = true;
  }
}

/** Every report of one publication is equal, as far as it says anything. */
function isSame(one: Outcome, other: Outcome): boolean {
  if (one.result === 'uncertain' || other.result === 'uncertain') return true;
  return (
    inWords(one) === inWords(other) ||
    (isVague(one) && other.result === 'accepted') ||
    (isVague(other) && one.result === 'accepted')
  );
}

function isVague(outcome: Outcome): boolean {
  return outcome.result === 'accepted' && outcome.cursor === null;
}

function inWords(outcome: Outcome): string {
  switch (outcome.result) {
    case 'accepted':
      return `accepted at ${outcome.cursor === null ? 'some place' : `${outcome.cursor.epoch}:${outcome.cursor.offset}`}`;
    case 'rejected':
      return `rejected (${outcome.error.code})`;
    default:
      return outcome.result;
  }
}
