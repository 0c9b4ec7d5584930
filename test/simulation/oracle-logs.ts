/** Every branch of every log: which entry stands where, after which other one. */
import type { Notice } from '../../server/brokers/broker.ts';
import type { Cursor } from '../../src/types.ts';

/** What each publication carries, so that it can be known again without the library's help. */
export interface Said {
  readonly page: number;
  readonly n: number;
  readonly user: string;
}

/** An entry that was appended somewhere, at some time. Its tag is unique. */
export interface Standing {
  readonly channel: string;
  readonly id: string;
  readonly epoch: string;
  readonly offset: number;
  readonly tag: string;
  /** Tag of the entry before, in every branch that holds this one. */
  readonly previous: string;
  readonly said: Said;
  readonly at: number;
  /** Of the store: grows when it loses everything. */
  readonly era: number;
  readonly operation: number;
}

interface Log {
  readonly epoch: string;
  readonly entries: Standing[];
  readonly byId: Map<string, Standing>;
  /** The newest publication of each page. */
  readonly newest: Map<number, number>;
}

/** Until every server has moved, and what was under way meanwhile has arrived, ms. */
const SPLIT = 10_000;

type Fail = (invariant: string, sentence: string) => void;

export class Logs {
  readonly #now: () => number;
  readonly #fail: Fail;
  readonly #branches = new Map<number, Map<string, Log>>();
  readonly #standing = new Map<string, Standing>();
  /** Of each id: the store that took it first. */
  readonly #firstEras = new Map<string, number>();
  readonly #failovers: number[] = [];
  readonly #losses: number[] = [];
  readonly #again = new Set<string>();
  #newest = 1;
  era = 1;

  constructor(now: () => number, fail: Fail) {
    this.#now = now;
    this.#fail = fail;
  }

  appended(branch: number, channel: string, { epoch, entry, previous }: Notice, operation: number): void {
    const log = this.#log(branch, channel, epoch);
    const place = `${channel} ${epoch}:${entry.o} in branch ${branch}`;
    const top = log.entries.at(-1);
    if (entry.o !== (top?.offset ?? 0) + 1) this.#fail('I5', `${place} was appended after ${top?.offset ?? 0}`);
    if (previous !== (top?.tag ?? '')) this.#fail('I6', `${place} says that another entry stands before it`);
    if (log.byId.has(entry.id)) this.#fail('I1', `${place}: ${entry.id} stands in the log twice`);
    const said = entry.d as Said;
    const before = log.newest.get(said.page) ?? 0;
    if (before > said.n && !this.#again.has(nameOf(said)))
      this.#fail('I2', `${place}: number ${said.n} of page ${said.page} was appended after ${before}`);
    const standing: Standing = {
      channel,
      id: entry.id,
      epoch,
      offset: entry.o,
      tag: entry.g,
      previous,
      said,
      at: this.#now(),
      era: this.era,
      operation,
    };
    if (this.#standing.has(entry.g)) this.#fail('I6', `${place} has a tag that was used before`);
    this.#standing.set(entry.g, standing);
    if (!this.#firstEras.has(entry.id)) this.#firstEras.set(entry.id, this.era);
    add(log, standing, this.#again);
  }

  /** Its app publishes it once more: under a new id, and in whatever place. */
  again(said: Said): void {
    this.#again.add(nameOf(said));
  }

  /** A replica took over that holds the first `operations` of the old primary. */
  branch(from: number, to: number, operations: number): void {
    const branch = new Map<string, Log>();
    for (const [channel, { epoch, entries }] of this.#branches.get(from) ?? []) {
      const log = createLog(epoch);
      for (const standing of entries) if (standing.operation <= operations) add(log, standing, this.#again);
      branch.set(channel, log);
    }
    this.#branches.set(to, branch);
    this.#newest = to;
    this.#failovers.push(this.#now());
    this.#losses.push(this.#now());
  }

  /** Whether what stood in a log at that time, or was known of a lane, may be gone by now. */
  lostSince(at: number): boolean {
    return this.#losses.some((lost) => lost + SPLIT >= at);
  }

  lostStore(): void {
    this.#losses.push(this.#now());
    this.era += 1;
    this.#newest += 1;
  }

  /** Whether a store that has lost everything since had taken it too. */
  tookBefore({ id, era }: Standing): boolean {
    return this.#firstEras.get(id)! < era;
  }

  /** In whatever branch. */
  at(channel: string, { epoch, offset, tag }: Cursor): Standing | null {
    const standing = this.#standing.get(tag);
    return standing?.epoch === epoch && standing.offset === offset && standing.channel === channel ? standing : null;
  }

  /** Where it stands in the log as the present primary has it. */
  find(channel: string, id: string): Standing | null {
    return this.#branches.get(this.#newest)?.get(channel)?.byId.get(id) ?? null;
  }

  /** Of the log as the present primary has it. */
  tagsOf(channel: string): readonly string[] {
    return (
      this.#branches
        .get(this.#newest)
        ?.get(channel)
        ?.entries.map(({ tag }) => tag) ?? []
    );
  }

  /** Whether there were two primaries at that time, and either could say something else of a lane. */
  split(at: number): boolean {
    return this.#failovers.some((start) => start <= at && at <= start + SPLIT);
  }

  #log(number: number, channel: string, epoch: string): Log {
    let branch = this.#branches.get(number);
    if (branch === undefined) this.#branches.set(number, (branch = new Map()));
    let log = branch.get(channel);
    // A replica that had not heard of the log makes it anew.
    if (log?.epoch !== epoch) branch.set(channel, (log = createLog(epoch)));
    return log;
  }
}

function createLog(epoch: string): Log {
  return { epoch, entries: [], byId: new Map(), newest: new Map() };
}

function add(log: Log, standing: Standing, again: ReadonlySet<string>): void {
  log.entries.push(standing);
  log.byId.set(standing.id, standing);
  if (!again.has(nameOf(standing.said))) log.newest.set(standing.said.page, standing.said.n);
}

function nameOf({ page, n }: Said): string {
  return `${page} ${n}`;
}
