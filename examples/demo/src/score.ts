import type { Numbered } from './wire.ts';

/** Where a message stood: the log's epoch and its offset there. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

export type Verdict =
  /** First time that this number arrived. */
  | 'new'
  /** Came twice in one log: the fault that must not happen. */
  | 'twice'
  /** Seen before, now in a log that began anew: the senders filled it up again after the server lost its memory. */
  | 'again';

export interface Run {
  readonly id: string;
  readonly name: string;
  readonly from: string;
  readonly total: number;
  /** Lowest number that this page could see; above 1 if it joined in the middle. */
  readonly first: number;
  readonly received: number;
  readonly highest: number;
  readonly twice: number;
  readonly again: number;
  readonly inOrder: boolean;
  /** Numbers below the highest one that never came. */
  readonly missing: number;
  readonly complete: boolean;
}

export interface Total {
  readonly expected: number;
  readonly received: number;
  readonly onTheWay: number;
  readonly twice: number;
  readonly again: number;
  readonly missing: number;
  readonly inOrder: boolean;
  readonly runs: number;
}

interface Tally {
  readonly seen: Set<number>;
  run: Run;
  epoch: string;
  /** Highest number in the present log. */
  last: number;
  /** Numbers seen in the present log. */
  here: Set<number>;
}

/**
 * Checks the numbered messages independently of the library: by the numbers that the sending page wrote into them. In a log
 * the numbers of a run must rise by one, each once.
 */
export interface Score {
  /** A run of this page, from its first number on. Said before it is published, so that what never comes counts too. */
  expect(run: Pick<Run, 'id' | 'name' | 'from' | 'total'>): void;
  take(numbered: Numbered, place: Place): { readonly run: Run; readonly verdict: Verdict };
  /** Every delivered message of the channel, numbered or not: tells where this page began to read. */
  saw(place: Place): void;
  total(): Total;
}

export function createScore(): Score {
  const tallies = new Map<string, Tally>();
  let begin: Place | null = null;

  /** With a rewind of 50 a page may join in the middle of a burst; what lay before its first message is not missing. */
  function firstOf(numbered: Numbered, place: Place): number {
    const room = begin !== null && begin.epoch === place.epoch ? place.offset - begin.offset : 0;
    return room < numbered.n - 1 ? numbered.n : 1;
  }

  function start(of: Pick<Run, 'id' | 'name' | 'from' | 'total' | 'first'>, epoch: string): Tally {
    const { id, name, from, total, first } = of;
    const run: Run = {
      id,
      name,
      from,
      total,
      first,
      received: 0,
      highest: first - 1,
      twice: 0,
      again: 0,
      inOrder: true,
      missing: 0,
      complete: false,
    };
    const tally: Tally = { seen: new Set(), here: new Set(), run, epoch, last: first - 1 };
    tallies.set(id, tally);
    return tally;
  }

  return {
    saw(place) {
      if (begin?.epoch !== place.epoch) begin = place;
    },
    expect(run) {
      start({ ...run, first: 1 }, begin?.epoch ?? '');
    },
    take(numbered, place) {
      const { run: id, name, from, of: total } = numbered;
      const tally = tallies.get(id) ?? start({ id, name, from, total, first: firstOf(numbered, place) }, place.epoch);
      if (tally.epoch !== place.epoch) {
        tally.epoch = place.epoch;
        tally.here = new Set();
        tally.last = 0;
      }
      const { seen, here, run } = tally;
      const verdict: Verdict = here.has(numbered.n) ? 'twice' : seen.has(numbered.n) ? 'again' : 'new';
      const inOrder = run.inOrder && numbered.n > tally.last;
      here.add(numbered.n);
      seen.add(numbered.n);
      tally.last = Math.max(tally.last, numbered.n);
      const first = Math.min(run.first, numbered.n);
      const highest = Math.max(run.highest, numbered.n);
      tally.run = {
        ...run,
        first,
        highest,
        inOrder,
        received: seen.size,
        twice: run.twice + (verdict === 'twice' ? 1 : 0),
        again: run.again + (verdict === 'again' ? 1 : 0),
        missing: highest - first + 1 - seen.size,
        complete: highest === run.total && seen.size === run.total - first + 1,
      };
      return { run: tally.run, verdict };
    },
    total() {
      const sum = { expected: 0, received: 0, onTheWay: 0, twice: 0, again: 0, missing: 0, inOrder: true, runs: tallies.size };
      for (const { run } of tallies.values()) {
        sum.expected += run.total - run.first + 1;
        sum.received += run.received;
        sum.onTheWay += run.total - run.highest;
        sum.twice += run.twice;
        sum.again += run.again;
        sum.missing += run.missing;
        sum.inOrder &&= run.inOrder;
      }
      return sum;
    },
  };
}
