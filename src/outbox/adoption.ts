/** Takes over what pages that are gone have left, under their producers and numbers (rule R5). */
import type { Environment } from '../platform/environment.ts';
import { type Deferred, createDeferred } from '../util/deferred.ts';
import { type Timer, createTimer } from '../util/timer.ts';
import { Company } from './company.ts';
import type { Journal } from './journal.ts';
import type { Lane } from './lane.ts';
import { holdLock } from './page-lock.ts';
import { findOrphans, makeFindable } from './orphans.ts';
import { type LaneName, type MarkRow, entryKey, everything, pageKey } from './rows.ts';
import type { Owner } from './shelf.ts';
import { type StoredEntry, byChannel, readMark } from './stored-rows.ts';
import type { OpenStore, StoreRow } from './store.ts';
import { GONE_AFTER } from './tenure.ts';

/** What one lane of a page that is gone holds. */
export interface Estate extends LaneName {
  /** By sequence, perhaps with holes. */
  readonly entries: readonly StoredEntry[];
  readonly marks: readonly MarkRow[];
}

export interface AdoptionContext {
  readonly environment: Environment;
  readonly journal: Journal;
  isOwn(producer: string): boolean;
  /** There is room for more. */
  hasRoom(): boolean;
  /** @returns the lane that holds it now */
  adopt(estate: Estate): Lane<Owner>;
  /** The lane is not this page's any more: it forgets what of it has not ended, and tells nobody. */
  drop(lane: Lane<Owner>): void;
  /** Whoever waited for a look, or for what was found, may go on. */
  onChange(): void;
}

interface Adopted {
  readonly release: () => void;
  readonly lanes: Map<string, Lane<Owner>>;
  readonly at: number;
  /** As they were read last. */
  marks: readonly StoreRow[];
  state: 'open' | 'closing';
}

/** How often it looks for pages that have gone, ms. */
const LOOK_EVERY = 60_000;
/** What this page publishes waits for a first look at most, ms. */
const FIRST_LOOK = 1000;
/** What this page publishes to a channel waits for what was left in it at most, ms. */
const PRECEDENCE = 5000;

export class Adoption {
  readonly #context: AdoptionContext;
  readonly #timer: Timer;
  readonly #gate: Timer;
  readonly #company: Company;
  readonly #adopted = new Map<string, Adopted>();
  readonly #stuck = new Set<string>();
  readonly #stolen = new Set<string>();
  readonly #unread = new WeakMap<LaneName, readonly StoreRow[]>();
  #waiters: Deferred<void> | null = null;
  #state: 'asleep' | 'first-look' | 'awake' | 'over' = 'asleep';
  #look: 'none' | 'under-way' | 'again' = 'none';
  /** Grows with each rest: what was under way then is of no use any more. */
  #visit = 0;

  constructor(context: AdoptionContext) {
    this.#context = context;
    this.#company = new Company(context);
    this.#timer = createTimer(context.environment, () => this.look());
    this.#gate = createTimer(context.environment, () => {
      if (this.#state === 'first-look') this.#state = 'awake';
      context.onChange();
    });
  }

  /** Begins to look, if there is a store to look into. */
  wake(): void {
    if (this.#state !== 'asleep' || !this.#context.journal.usable) return;
    this.#state = 'first-look';
    this.#gate.set(this.#context.environment.now() + FIRST_LOOK);
    this.look();
  }

  /** Everything that was found has ended, and everything was looked at. */
  get settled(): boolean {
    if (!this.#context.journal.usable || this.#state === 'over') return true;
    return this.#state !== 'asleep' && this.#look === 'none' && this.#adopted.size === 0;
  }

  /** Resolves when it has looked once, or will not. */
  looked(): Promise<void> {
    if (this.#state !== 'first-look') return Promise.resolve();
    this.#waiters ??= createDeferred();
    return this.#waiters.promise;
  }

  /** Whether what this page begins to publish to a channel has to wait for what was left in it. */
  holdsUp(channel: string): boolean {
    if (this.#state === 'first-look') return true;
    const now = this.#context.environment.now();
    for (const { lanes, at } of this.#adopted.values()) {
      const lane = lanes.get(channel);
      if (lane === undefined || lane.sent || lane.paused) continue;
      if (now < at + PRECEDENCE) {
        this.#gate.set(at + PRECEDENCE);
        return true;
      }
    }
    return false;
  }

  /** The server has another memory than before. */
  renewed(): void {
    if (this.#context.environment.locks !== undefined) return;
    for (const [producer, { lanes }] of this.#adopted) void this.#company.ask(producer, lanes);
  }

  /** Whether nothing of this producer may be sent yet. */
  doubts(producer: string): boolean {
    return this.#company.holdsUp(producer);
  }

  /** Another page may have what was taken over from this one. */
  isStolen(producer: string): boolean {
    return this.#stolen.has(producer);
  }

  /** What of a lane's rows cannot be used here: it is left where it stands, whatever becomes of the others. */
  unread(lane: LaneName): readonly StoreRow[] {
    return (this.#unread.get(lane) ?? []).filter(([, rest]) => !Array.isArray(rest) || rest.length > 0);
  }

  look(): void {
    if (this.#state === 'asleep' || this.#state === 'over') return;
    if (this.#look !== 'none') {
      this.#look = 'again';
      return;
    }
    this.#look = 'under-way';
    void this.#lookAround(this.#visit);
  }

  /** A lane has nothing unanswered any more. */
  drained(producer: string): void {
    const adopted = this.#adopted.get(producer);
    if (adopted === undefined || adopted.state === 'closing') return;
    if ([...adopted.lanes.values()].some(({ waiting }) => waiting > 0)) return;
    adopted.state = 'closing';
    void this.#close(producer, adopted);
  }

  /** The page stands still from now on: all that has not ended is for others. */
  rest(): void {
    for (const { lanes, release } of this.#adopted.values()) {
      for (const lane of lanes.values()) this.#context.drop(lane);
      release();
    }
    this.#adopted.clear();
    this.#company.forget();
    this.#visit += 1;
    this.#look = 'none';
    this.#letWaitersGo();
    this.#timer.set(null);
    this.#gate.set(null);
    if (this.#state !== 'over') this.#state = 'asleep';
  }

  end(): void {
    this.#state = 'over';
    this.rest();
  }

  // ---- looking -----------------------------------------------------------------------------------------------------------------

  async #lookAround(visit: number): Promise<void> {
    const { journal, environment } = this.#context;
    do {
      this.#look = 'under-way';
      const store = await journal.open();
      if (this.#visit !== visit) return;
      if (store !== null) await this.#adoptAll(store, visit);
    } while (this.#again(visit));
    if (this.#visit !== visit) return;
    this.#look = 'none';
    this.#state = 'awake';
    this.#letWaitersGo();
    this.#gate.set(null);
    if (journal.usable) this.#timer.set(environment.now() + LOOK_EVERY);
    this.#context.onChange();
    // Nobody waits for this.
    const orphans = await findOrphans(journal);
    if (this.#visit === visit) makeFindable(journal, orphans, environment.now());
  }

  /** Whoever asks after the next rest waits for another look. */
  #letWaitersGo(): void {
    this.#waiters?.resolve();
    this.#waiters = null;
  }

  #again(visit: number): boolean {
    return this.#look === 'again' && this.#visit === visit;
  }

  async #adoptAll({ scope }: OpenStore, visit: number): Promise<void> {
    const { environment, journal, isOwn, hasRoom } = this.#context;
    const [pages = []] = (await journal.read([everything('page')])) ?? [];
    for (const [[, producer], beat] of pages) {
      if (this.#visit !== visit || !hasRoom()) return;
      if (typeof producer !== 'string' || isOwn(producer)) continue;
      if (this.#adopted.has(producer) || this.#stuck.has(producer)) continue;
      const release = await this.#acquire(scope, producer, Number(beat));
      if (release === null) continue;
      if (this.#visit !== visit) return release();
      const adopted: Adopted = { release, lanes: new Map(), at: environment.now(), marks: [], state: 'open' };
      this.#adopted.set(producer, adopted);
      const found = await this.#read(producer, adopted);
      if (this.#adopted.get(producer) !== adopted) continue;
      if (found === 'nothing-read') this.#release(producer, adopted);
      else this.drained(producer);
    }
  }

  /** With a lock its owner is gone, or stands still. Without locks only its silence tells. */
  #acquire(scope: string, producer: string, beat: number): Promise<(() => void) | null> {
    const { environment } = this.#context;
    if (environment.locks !== undefined) {
      this.#stolen.delete(producer);
      // If it is taken away, two pages work at it, and what both send is answered alike.
      return holdLock(environment.locks, `${scope} ${producer}`, () => this.#stolen.add(producer));
    }
    // Either way, for a clock may have been set back: who lives gives a sign by the new time.
    return Promise.resolve(Math.abs(environment.now() - beat) <= GONE_AFTER ? null : () => {});
  }

  /** @returns what it found: entries that were not known, none but known ones, or none at all */
  async #read(producer: string, adopted: Adopted): Promise<'more' | 'known' | 'none' | 'nothing-read'> {
    const { journal } = this.#context;
    const rows = await journal.read([everything('entry', producer), everything('mark', producer)]);
    if (rows === null || this.#adopted.get(producer) !== adopted) return 'nothing-read';
    const [entries = [], marks = []] = rows;
    adopted.marks = marks;
    let found: 'more' | 'known' | 'none' = entries.length > 0 ? 'known' : 'none';
    for (const [channel, { list, unread }] of byChannel(entries)) {
      const known = adopted.lanes.get(channel);
      const fresh = list.filter(({ sequence }) => known === undefined || sequence >= known.next);
      if (fresh.length === 0) continue;
      const marksOf = marks.filter(([key]) => key[2] === channel).map(([, mark]) => readMark(mark));
      const next = known?.next;
      const lane = this.#context.adopt({ producer, channel, entries: fresh, marks: marksOf });
      adopted.lanes.set(channel, lane);
      const rests = new Map(list.map(({ first, rest }) => [first, rest]));
      this.#unread.set(lane, [...unread, ...[...rests].map(([first, rest]) => [entryKey(lane, first), rest] as const)]);
      // Or it would be read again and again.
      if (lane.next !== next) found = 'more';
    }
    return found;
  }

  /** Its owner may have gone on meanwhile: only what was read is forgotten, and it is read once more. */
  async #close(producer: string, adopted: Adopted): Promise<void> {
    const { journal } = this.#context;
    await journal.flush();
    const found = await this.#read(producer, adopted);
    if (this.#adopted.get(producer) !== adopted) return;
    if (found === 'more') {
      adopted.state = 'open';
      return this.drained(producer);
    }
    let forgotten = false;
    if (found === 'none') {
      const names = [...adopted.marks.map(([key]) => key), pageKey(producer)].map((key) => [key, key] as const);
      for (const name of names) journal.remove(name);
      forgotten = await journal.flush();
      // Tried again it would take away what its owner, or another page, has written since.
      if (!forgotten) journal.withdraw(names);
      // Its owner may have written in between, and would not be found any more.
      const [left = []] = (await journal.read([everything('entry', producer)])) ?? [];
      makeFindable(journal, left, 0);
      // Before another page gets the lock.
      if (left.length > 0) await journal.flush();
    }
    // What the store would not let go of is another page's: this one has told how it ended.
    else this.#stuck.add(producer);
    if (this.#adopted.get(producer) !== adopted) return;
    this.#release(producer, adopted);
    this.#context.onChange();
    // There may be room now for what another page left. A store that forgets nothing would show the same again and again.
    if (forgotten) this.look();
  }

  #release(producer: string, adopted: Adopted): void {
    this.#adopted.delete(producer);
    adopted.release();
  }
}
