/** Everything about publications that outlives the page, or that other pages have to know. */
import { Adoption, type Estate } from './adoption.ts';
import type { OutboxContext, OutboxSettings } from './context.ts';
import { Entries } from './entries.ts';
import { notFound } from './face.ts';
import { Guard } from './guard.ts';
import { Journal } from './journal.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { Letters } from './letters.ts';
import { maybeSent } from './record.ts';
import { type LaneName, entryKey, everything, pageKey } from './rows.ts';
import { type OutboxRecord, type Owner, Shelf } from './shelf.ts';
import { Tabs, type TabMessage } from './tabs.ts';
import { Tenure } from './tenure.ts';
import type { Hint } from '../platform/page.ts';
import { soon } from '../util/soon.ts';

export interface KeeperOptions {
  readonly context: OutboxContext;
  readonly settings: OutboxSettings;
  readonly lanes: Lanes<Owner>;
  adopt(estate: Estate): Lane<Owner>;
  /** How it ends is another page's to tell. */
  onDropped(channel: string, record: OutboxRecord): void;
  /** Lanes that waited for the store may go on; what waited for everything to end may look. */
  onChange(): void;
  /** Another page of the user asks to withdraw what can be withdrawn. */
  onClear(): void;
}

export class Keeper {
  readonly journal: Journal;
  readonly shelf: Shelf;
  readonly letters: Letters;
  readonly entries: Entries;
  readonly adoption: Adoption;
  readonly tabs: Tabs;
  readonly #options: KeeperOptions;
  readonly #guard: Guard;
  readonly #tenures = new Map<string, Tenure>();
  #state: 'asleep' | 'awake' | 'resting' | 'over' = 'asleep';
  #resting: Promise<void> = Promise.resolve();
  #beginning: Promise<void> = Promise.resolve();
  #unwatch: (() => void) | null = null;

  constructor(options: KeeperOptions) {
    const { context, settings, lanes } = options;
    const { environment, report } = context;
    this.#options = options;
    this.journal = new Journal({
      environment,
      store: settings.store,
      user: context.user,
      url: () => context.url(),
      report,
      online: () => context.line() !== null,
      isContested: (pack) => this.isContested(pack),
      shares: (pack) => this.#tenures.get(pack.producer)?.alone !== true || this.shares(pack),
      onWritten: () => this.#written(),
      onProblem: () => this.#changed(),
      onRecover: () => this.#rewrite(),
    });
    this.letters = new Letters(this.journal);
    this.shelf = new Shelf(
      () => ({ durable: this.journal.durable, problem: this.journal.problem, failed: this.letters.size }),
      () => {
        this.entries.changed();
        const waits = this.#state !== 'over' && this.shelf.pending.size > 0;
        this.#guard.set(waits && !(this.journal.durable && this.journal.written));
      },
      report,
    );
    this.#guard = new Guard(settings.warnBeforeUnload ? environment.page.guard : undefined);
    this.entries = new Entries({
      environment,
      journal: this.journal,
      letters: this.letters,
      pending: () => this.shelf.pending,
      holds: (producer, channel) => lanes.isOwn(producer) || lanes.find(channel, producer) !== undefined,
      wake: () => this.wake(),
      onLetters: () => this.shelf.changed(),
      report,
    });
    this.adoption = new Adoption({
      environment,
      journal: this.journal,
      isOwn: (producer) => lanes.isOwn(producer),
      hasRoom: () => this.shelf.pending.size < settings.maxMessages && this.shelf.bytes < settings.maxBytes,
      adopt: (estate) => options.adopt(estate),
      drop: (lane) => this.#drop(lane),
      onChange: () => {
        this.shelf.changed();
        options.onChange();
      },
    });
    this.tabs = new Tabs(environment, (type) => this.#heard(type));
  }

  /** The store is needed, if there is one. */
  wake(): void {
    if (this.#state !== 'asleep' || !this.journal.usable) return;
    this.#state = 'awake';
    this.#unwatch ??= this.#options.context.environment.page.watch((hint) => this.#hint(hint));
    this.#beginning = this.#begin();
  }

  /** Resolves when what earlier pages left has been looked for. */
  async looked(): Promise<void> {
    await this.#beginning;
    await this.adoption.looked();
  }

  /** Before something of this page is written. */
  touch(producer: string): void {
    if (!this.journal.usable || this.#state === 'over') return;
    // At rest it may hold no lock: what it still publishes is for others.
    if (this.#state !== 'resting') return this.#tenure(producer).touch();
    // Nor has it time: it may stand still in a moment.
    soon(() => this.journal.hurry());
  }

  /** Nobody else can have sent it: it has been this page's alone. */
  exclusive({ producer }: LaneName): boolean {
    return this.#tenures.get(producer)?.exclusive === true;
  }

  /** Another page may send of it too. */
  shares(lane: LaneName): boolean {
    return this.journal.usable && !this.exclusive(lane);
  }

  /** Its lock is, or may be, another page's. */
  isContested({ producer }: LaneName): boolean {
    return this.#tenures.get(producer)?.broken === true || this.adoption.isStolen(producer);
  }

  /** The server has lost its memory: what others may have sent meanwhile may have arrived under the one before. */
  renewed(): void {
    for (const lane of this.#options.lanes) if (this.isContested(lane)) shared(lane);
    this.adoption.renewed();
  }

  /** What is left is for others. */
  end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#unwatch?.();
    this.#guard.set(false);
    this.entries.clear();
    this.#tidy();
    this.adoption.end();
    void this.#letGo(() => this.journal.close());
  }

  // ---- the life of the page ----------------------------------------------------------------------------------------------------

  async #begin(): Promise<void> {
    await this.#resting;
    const store = await this.journal.open();
    if (this.#state !== 'awake' || store === null) return;
    this.tabs.open(store.scope);
    this.adoption.wake();
    void this.entries.refresh();
    for (const tenure of this.#tenures.values()) tenure.begin();
  }

  #hint(hint: Hint): void {
    switch (hint) {
      case 'pagehide':
      case 'freeze':
        return this.#rest();
      case 'hidden':
        // Often the last that a page is told.
        return this.journal.hurry();
      case 'offline':
      case 'network':
        return;
      default:
        if (this.#state === 'resting') this.#state = 'asleep';
        this.wake();
        this.adoption.look();
        for (const tenure of this.#tenures.values()) tenure.retry();
    }
  }

  /** A page that holds a lock or a database is not taken into the back/forward cache, and others wait for it. */
  #rest(): void {
    if (this.#state !== 'awake') return;
    this.#state = 'resting';
    this.adoption.rest();
    for (const lane of this.#options.lanes) lane.shows = 'all';
    this.#resting = this.#letGo(() => this.journal.rest());
  }

  async #letGo(close: () => Promise<void>): Promise<void> {
    // Now, and not when the store is done: the page may stand still in a moment, or the store may never answer.
    for (const tenure of this.#tenures.values()) tenure.end();
    this.tabs.hush();
    // Chromium drops a page from the back/forward cache when another one tells a channel that it has left open. Not before the
    // locks are let go of, which whoever is told will ask for.
    if (this.journal.written) soon(() => soon(() => this.#leaveTabs()));
    await close();
    // It may run again already: what it holds now it needs.
    if (this.#state === 'awake') this.tabs.written();
    else this.#leaveTabs();
  }

  #leaveTabs(): void {
    this.tabs.tell({ type: 'left' });
    this.tabs.close();
  }

  /** Nobody needs to know of a page of which nothing is left: nothing that was answered and not told, either. */
  #tidy(): void {
    if (this.shelf.pending.size > 0) return;
    for (const [producer, tenure] of this.#tenures) {
      if ([...this.#options.lanes].some((lane) => lane.producer === producer && lane.waiting > 0)) continue;
      // Another page may be at work, and write what it needs to be found by.
      if (!tenure.alone) continue;
      tenure.drop();
      this.#tenures.delete(producer);
      this.journal.remove(everything('mark', producer));
      this.journal.remove([pageKey(producer), pageKey(producer)]);
    }
  }

  #tenure(producer: string): Tenure {
    const { context, lanes } = this.#options;
    let tenure = this.#tenures.get(producer);
    if (tenure === undefined) {
      const { environment } = context;
      const onBreak = (): void => {
        for (const lane of lanes) if (lane.producer === producer) shared(lane);
      };
      const unsettled = (): boolean => this.shelf.pending.size > 0;
      tenure = new Tenure({ environment, journal: this.journal, producer, onBreak, unsettled });
      this.#tenures.set(producer, tenure);
    }
    return tenure;
  }

  // ---- what happens --------------------------------------------------------------------------------------------------------------

  #written(): void {
    if (this.#state === 'awake') this.tabs.written();
    this.#changed();
    this.#options.onChange();
    if (this.#state === 'resting') void this.journal.rest();
  }

  /** What ended while there was no store may stand in it, and what was published then does not. */
  #rewrite(): void {
    for (const lane of this.#options.lanes) {
      this.journal.remove([entryKey(lane, 0), entryKey(lane, lane.next - 1)]);
      for (const row of this.adoption.unread(lane)) this.journal.put(row);
      for (const record of lane.pending()) {
        if (record.owner.ticket !== null || record.pack !== null) this.journal.add(lane, record);
      }
    }
    this.adoption.look();
  }

  #changed(): void {
    this.shelf.changed();
    this.entries.changed();
  }

  #drop(lane: Lane<Owner>): void {
    for (const record of lane.pending()) {
      const { ticket } = record.owner;
      // Whoever waits for the end of a withdrawal would wait for ever.
      if (ticket?.awaited) ticket.giveUp(notFound(record.id));
      this.shelf.settled(record);
      this.#options.onDropped(lane.channel, record);
    }
    this.journal.leave(lane);
    this.#options.lanes.drop(lane);
  }

  #heard(type: TabMessage['type'] | undefined): void {
    if (this.#state !== 'awake') return;
    switch (type) {
      case 'written':
        return this.entries.noticed();
      case 'left':
        this.entries.noticed();
        return this.adoption.look();
      case 'clear':
        return this.#options.onClear();
      case undefined:
    }
  }
}

/** Another page may have sent what of it is stored. */
function shared(lane: Lane<Owner>): void {
  lane.shows = 'all';
  lane.pending().forEach(maybeSent);
}
