import type { Answer, Claimed } from './brokers/claim.ts';
import { type Call, type Outcome, Run, TIMEOUT, UNKNOWN } from './run.ts';
import type { Services } from './services.ts';
import { within } from './verdict.ts';

/** How long an answer is kept for repeats, ms. */
const LIFE = 300_000;
const RETRY_AFTER = 1000;
/** Between two looks at what another server runs, ms; grows twofold. */
const LOOK = { first: 100, most: 1000 } as const;
/** Of storing an answer. */
const TRIES = 3;
/** A page that changes its connection, or is not sure that its POST arrived, asks again and again: so often for one place. */
const REPEATS = 8;

const UNAVAILABLE: Answer = { err: { code: 'unavailable', after: RETRY_AFTER } };

export interface Ask extends Call {
  /** Under which repeats find it; null: there are none. */
  readonly name: string | null;
  /** Of the request, for which page it was asked, and whose page that is. */
  readonly id: string;
  readonly page: string;
  readonly payer: string;
  /** ms for which its caller waits. */
  readonly limit: number;
  /** Once, perhaps at once. */
  tell(answer: Answer): void;
}

/** cancelled: the caller gave up. gone: its connection ended. */
export type Leave = (why: 'cancelled' | 'gone') => void;

interface Waiter {
  readonly ask: Ask;
  readonly until: number;
  readonly timer: unknown;
}

interface Job {
  readonly ask: Ask;
  readonly run: Run;
  readonly waiters: Set<Waiter>;
  /** How many wait for each request of each page. */
  readonly places: Map<string, number>;
  /** late: its limit is over, and its handler goes on. */
  state: 'claiming' | 'running' | 'late';
  /** Nobody waits for it: it keeps a place of the page that asked first. */
  extra: 'none' | 'held';
  timer: unknown;
}

/** All requests that this server runs or waits for, and how many each page and each user has under way. */
export class Runs {
  readonly #services: Services;
  readonly #named = new Map<string, Job>();
  readonly #jobs = new Set<Job>();
  readonly #aside = new Map<string, Set<() => void>>();
  readonly #pages = new Map<string, number>();
  readonly #payers = new Map<string, number>();
  #state: 'open' | 'closed' = 'open';

  constructor(services: Services) {
    this.#services = services;
  }

  /** Of one page: what is not answered, and what still runs though nobody waits for it. */
  under(page: string): number {
    return this.#pages.get(page) ?? 0;
  }

  /** All that is run for the pages of one user, those that are gone among them. */
  of(payer: string): number {
    return this.#payers.get(payer) ?? 0;
  }

  /** Counts so many answers of the page more, or less, that wait until it takes them. */
  count(page: string, by: number): void {
    add(this.#pages, page, by);
  }

  /** What it would take. nothing: it repeats a request that still has its place, or is answered at once. */
  cost({ name, page, id }: Pick<Ask, 'name' | 'page' | 'id'>): 'a run' | 'a place' | 'nothing' {
    const job = name === null ? undefined : this.#named.get(name);
    if (job === undefined) return 'a run';
    const waiting = job.places.get(placeOf(page, id)) ?? 0;
    const isPlaced =
      job.state === 'late' || (job.extra === 'held' && job.ask.page === page) || places(waiting + 1) === places(waiting);
    return isPlaced ? 'nothing' : 'a place';
  }

  ask(ask: Ask): Leave {
    const known = ask.name === null ? undefined : this.#named.get(ask.name);
    const job = known ?? this.#begin(ask);
    if (job.state === 'late') {
      ask.tell(UNKNOWN);
      return () => undefined;
    }
    const { environment } = this.#services;
    const onLate = (): void => this.#leave(job, waiter, TIMEOUT);
    const waiter: Waiter = { ask, until: environment.now() + ask.limit, timer: environment.setTimeout(onLate, ask.limit) };
    job.waiters.add(waiter);
    this.#wait(job, ask, 1);
    this.#keep(job);
    if (known === undefined) this.#claim(job, LOOK.first);
    return (why) => {
      if (!job.waiters.has(waiter)) return;
      this.#leave(job, waiter, null);
      // Who may come back with its key, or with its POST, is to find an answer.
      if (job.waiters.size === 0 && (why === 'cancelled' || ask.name === null)) {
        job.run.abort(new Error(why === 'cancelled' ? 'the caller gave up' : 'the connection has ended'));
      }
    };
  }

  /** For a request over HTTP, whose cancellation comes in another one. @returns forgets it */
  aside(page: string, id: string, cancel: () => void): () => void {
    const key = placeOf(page, id);
    const cancels = this.#aside.get(key) ?? new Set();
    this.#aside.set(key, cancels.add(cancel));
    return () => {
      if (cancels.delete(cancel) && cancels.size === 0) this.#aside.delete(key);
    };
  }

  cancelAside(page: string, id: string): void {
    for (const cancel of this.#aside.get(placeOf(page, id)) ?? []) cancel();
  }

  /** Every handler is told to stop. */
  close(): void {
    this.#state = 'closed';
    const { environment } = this.#services;
    for (const job of this.#jobs) {
      environment.clearTimeout(job.timer);
      for (const { timer } of job.waiters) environment.clearTimeout(timer);
      job.waiters.clear();
      job.run.abort(new Error('the server was closed'));
    }
    this.#jobs.clear();
    this.#named.clear();
  }

  #begin(ask: Ask): Job {
    const run = new Run(this.#services, ask);
    const job: Job = { ask, run, waiters: new Set(), places: new Map(), state: 'claiming', extra: 'none', timer: null };
    this.#jobs.add(job);
    add(this.#payers, ask.payer, 1);
    if (ask.name !== null) this.#named.set(ask.name, job);
    return job;
  }

  #claim(job: Job, wait: number): void {
    const { ask } = job;
    if (ask.name === null) return this.#run(job, null);
    const { broker, environment, timing, report } = this.#services;
    const by = environment.createId();
    const onFault = (error: unknown): void => {
      report('broker-failed', { error });
      // It may have arrived all the same.
      void this.#complete(ask.name!, by, null, TRIES);
      this.#end(job, UNAVAILABLE);
    };
    const onClaimed = (claimed: Claimed): void => {
      if (claimed.state === 'answered') return this.#end(job, claimed.answer);
      if (claimed.state === 'unknown') return this.#end(job, UNKNOWN);
      if (claimed.state === 'claimed') return this.#run(job, by);
      // Nobody waits, so nobody looks.
      if (job.waiters.size === 0) return this.#end(job, UNKNOWN);
      job.timer = environment.setTimeout(() => this.#claim(job, Math.min(2 * wait, LOOK.most)), wait);
    };
    const claim = broker.claim({ name: ask.name, by, limit: ask.limit, life: LIFE });
    within(environment, timing.ruleTimeout, claim, (claimed) => this.#jobs.has(job) && onClaimed(claimed), onFault);
  }

  #run(job: Job, by: string | null): void {
    const { environment } = this.#services;
    const { ask, run } = job;
    if (run.aborted) {
      if (by !== null) void this.#complete(ask.name!, by, null, 1);
      return this.#end(job, UNAVAILABLE);
    }
    job.state = 'running';
    job.timer = environment.setTimeout(() => this.#late(job), ask.limit);
    void run.start().then(async (outcome) => {
      environment.clearTimeout(job.timer);
      if (!this.#jobs.has(job)) return;
      // Kept first, so that no repeat gets another answer than the one that is told now.
      if (by !== null) await this.#complete(ask.name!, by, outcome, 1);
      this.#end(job, outcome.answer);
    });
  }

  #late(job: Job): void {
    const now = this.#services.environment.now();
    job.state = 'late';
    for (const waiter of job.waiters) this.#leave(job, waiter, waiter.until <= now ? TIMEOUT : UNKNOWN);
    job.run.abort(new Error('the time limit is over'));
  }

  #wait({ places: waiting }: Job, { page, id }: Ask, by: 1 | -1): void {
    const count = add(waiting, placeOf(page, id), by);
    this.count(page, places(count) - places(count - by));
  }

  /** Its handler may go on, whether it is told to stop or not: hanging up must make no room for more. */
  #keep(job: Job): void {
    const extra = this.#jobs.has(job) && job.waiters.size === 0 ? 'held' : 'none';
    if (job.extra === extra) return;
    job.extra = extra;
    this.count(job.ask.page, extra === 'held' ? 1 : -1);
  }

  /** @param answer null: nobody is there to be told */
  #leave(job: Job, waiter: Waiter, answer: Answer | null): void {
    if (!job.waiters.delete(waiter)) return;
    const { ask, timer } = waiter;
    this.#services.environment.clearTimeout(timer);
    this.#wait(job, ask, -1);
    this.#keep(job);
    if (answer !== null) ask.tell(answer);
  }

  #end(job: Job, answer: Answer): void {
    if (!this.#jobs.delete(job)) return;
    add(this.#payers, job.ask.payer, -1);
    this.#services.environment.clearTimeout(job.timer);
    if (job.ask.name !== null) this.#named.delete(job.ask.name);
    this.#keep(job);
    for (const waiter of job.waiters) this.#leave(job, waiter, answer);
  }

  /** Resolves after the first try. What cannot be kept is found as `running`, then as `unknown`. */
  #complete(name: string, by: string, outcome: Outcome | null, tried: number): Promise<void> {
    const { broker, environment, timing, report } = this.#services;
    const { answer, size } = outcome?.did === 'something' ? outcome : { answer: null, size: 0 };
    return new Promise((resolve) => {
      const onFault = (error: unknown): void => {
        report('broker-failed', { error });
        const again = (): void => void this.#complete(name, by, outcome, tried + 1);
        if (tried < TRIES && this.#state === 'open') environment.setTimeout(again, RETRY_AFTER * 2 ** tried);
        resolve();
      };
      const completed = broker.complete({ name, by, answer, size, life: LIFE });
      within(environment, timing.ruleTimeout, completed, resolve, onFault);
    });
  }
}

/** @returns how many there are now */
function add(counts: Map<string, number>, key: string, by: number): number {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
  return count;
}

/** What so many who wait for one request of one page cost it. */
function places(waiting: number): number {
  return waiting > REPEATS ? waiting - REPEATS + 1 : Math.min(waiting, 1);
}

/** Length first, so that no page and id together read as another pair. */
function placeOf(page: string, id: string): string {
  return `${page.length} ${page}${id}`;
}
