/** The browser profiles of a run: what their tabs share, who is signed in in each tab, and what goes wrong with them. */
import { type Profile, createProfile } from '../support/profile.ts';
import type { TextStorage } from '../../src/platform/environment.ts';
import type { OutboxEntry, OutboxOptions } from '../../src/types.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Actor } from './actor.ts';
import type { Oracle, Said } from './oracle.ts';
import type { Plan } from './plan.ts';
import type { DiskFault, ProfileAction, ProfilePlan } from './profile-actions.ts';
import type { Stage } from './stage.ts';

interface ProfilesOptions {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly oracle: Oracle;
  count(name: string): void;
  /** By slot. */
  actors(): readonly Actor[];
}

/** One of them, as the plan numbers them. */
export class SharedProfile {
  readonly plan: ProfilePlan;
  readonly storage: TextStorage = createStorage();
  readonly name: string;
  /** Whose tabs the plan has in it; the rest are of another user, who signed in there. */
  readonly #switched = new Set<number>();
  #copy: { readonly slots: ReadonlySet<number>; readonly profile: Profile } | null = null;
  #profile: Profile;
  /** A store could not be used at all, or for long: a page may have given it up for good. */
  gaveUp = false;
  /** What its pages add to the time, ms: see {@link Profiles.jump}. */
  offset = 0;

  constructor(number: number, plan: ProfilePlan, { clock, random }: Pick<ProfilesOptions, 'clock' | 'random'>) {
    this.name = `üp${number}`;
    this.plan = plan;
    const { latency, durability, exclusion = 'web-locks' } = plan;
    this.#profile = createProfile({ clock, random, latency, durability, exclusion });
  }

  /** With its copy, if there is one. */
  get all(): readonly Profile[] {
    return this.#copy === null ? [this.#profile] : [this.#profile, this.#copy.profile];
  }

  /** @param page its number: every other one is of another version of the app */
  optionsOf(page: number, { random, oracle, chronicle }: Stage): OutboxOptions {
    const { outbox, migrates } = this.plan;
    if (!migrates) return outbox;
    const migrate = ({ data }: OutboxEntry): ReturnType<NonNullable<OutboxOptions['migrate']>> => {
      chronicle.count('migrated');
      oracle.again(data as Said);
      return random() < 0.5 ? { event: 'said', data } : null;
    };
    return { ...outbox, version: 1 + (page % 2), migrate };
  }

  of(slot: number): Profile {
    return this.#copy?.slots.has(slot) === true ? this.#copy.profile : this.#profile;
  }

  userOf(slot: number): string {
    return this.#switched.has(slot) ? `${this.name}′` : this.name;
  }

  switchUser(slot: number): void {
    if (!this.#switched.delete(slot)) this.#switched.add(slot);
  }

  /** An older copy is thrown away. */
  clone(slots: readonly number[]): void {
    this.#copy = { profile: this.#profile.clone(), slots: new Set(slots.filter((_, index) => index % 2 === 1)) };
  }
}

export class Profiles {
  readonly #options: ProfilesOptions;
  readonly #shared: readonly SharedProfile[];
  readonly #storages: readonly TextStorage[];

  constructor(options: ProfilesOptions) {
    const { plan } = options;
    this.#options = options;
    this.#shared = plan.profiles.map((profile, number) => new SharedProfile(number, profile, options));
    this.#storages = plan.pages.map(createStorage);
  }

  of(slot: number): SharedProfile | null {
    const { profile = null } = this.#options.plan.pages[slot]!;
    return profile === null ? null : this.#shared[profile]!;
  }

  storageOf(slot: number): TextStorage {
    return this.of(slot)?.storage ?? this.#storages[slot]!;
  }

  perform(action: ProfileAction): void {
    const shared = this.#shared[action.profile]!;
    const { random, oracle, count } = this.#options;
    if (action.type !== 'lose-lock') oracle.diskFailed();
    switch (action.type) {
      case 'power-loss':
        for (const tab of this.#tabs(action.profile)) tab.crash(false);
        for (const profile of shared.all) profile.powerLoss();
        return oracle.powerLost(shared.name, shared.plan.durability);
      case 'evict':
        for (const { disk } of shared.all) disk.evict();
        return oracle.evicted(shared.name);
      case 'lose-lock': {
        const profile = shared.all[Math.floor(random() * shared.all.length)]!;
        const { held } = profile.locks;
        if (held.length === 0) return;
        count('lock lost');
        return void profile.locks.lose(held[Math.floor(random() * held.length)]!);
      }
      case 'disk-fault':
        return this.#fault(shared, action.fault, action.ms, action.count);
      case 'clone': {
        const tabs = this.#tabs(action.profile);
        const had = shared.all.length;
        for (const tab of tabs) tab.crash(true);
        // What only the older copy held is gone with it.
        if (had > 1) oracle.evicted(shared.name);
        return shared.clone([...this.#options.plan.pages.keys()].filter((slot) => this.of(slot) === shared));
      }
    }
  }

  /**
   * Somebody set the clock. Where pages judge each other by signs of life all tabs have one clock, as they do in a browser;
   * elsewhere it is the page's own, which makes for more that can differ.
   */
  jump({ slot, life }: Actor, ms: number): void {
    const shared = this.of(slot);
    if (shared?.plan.exclusion !== 'none') return life.jump(ms);
    shared.offset += ms;
    for (const each of this.#options.actors()) if (this.of(each.slot) === shared) each.life.jump(ms);
  }

  /** Nothing is wrong with any disk. */
  calm(): void {
    for (const { all } of this.#shared) for (const { disk } of all) lift(disk);
  }

  /** Every user who left something is in some tab of each copy. */
  bringBack(): void {
    for (const [number, shared] of this.#shared.entries()) {
      for (const profile of shared.all) this.#bringBack(number, shared, profile);
    }
  }

  /** Nothing is left of what was stored, once everything has ended. */
  settle(): void {
    for (const { all, name } of this.#shared) {
      for (const { disk } of all) {
        for (const { scope, rows } of disk.tables()) {
          for (const [key] of rows) {
            if (key[0] === 'entry') this.#options.oracle.fail('I3', `${name}: ${JSON.stringify(key)} is left in ${scope}`);
          }
        }
      }
    }
  }

  /** All pages are gone. */
  reckon(): void {
    for (const { all, name } of this.#shared) {
      for (const { disk, locks, broadcasts } of all) {
        const left = { stores: disk.handles, locks: locks.held.length, 'broadcast channels': broadcasts.open };
        for (const [what, count] of Object.entries(left)) {
          if (count > 0) this.#options.oracle.fail('I16', `${count} ${what} of ${name} are left after everything was destroyed`);
        }
      }
    }
  }

  #tabs(number: number): readonly Actor[] {
    const { plan, actors } = this.#options;
    return actors().filter(({ slot, alive }) => alive && plan.pages[slot]!.profile === number);
  }

  #fault(shared: SharedProfile, fault: DiskFault, ms: number, count: number): void {
    this.#options.count(`disk ${fault}`);
    if (fault === 'dead' || fault === 'shut' || fault === 'never') shared.gaveUp = true;
    for (const { disk } of shared.all) {
      if (fault === 'fails') disk.failNext(count);
      else if (fault === 'unreadable') disk.failNext(count, 'read');
      else {
        if (fault === 'shut') disk.openFails('broken');
        else disk.set(fault);
        this.#options.clock.setTimeout(() => lift(disk), ms);
      }
    }
  }

  #bringBack(number: number, shared: SharedProfile, profile: Profile): void {
    const tabs = this.#tabs(number).filter(({ slot }) => shared.of(slot) === profile);
    // One that wrote nothing more may have left what has ended, which others read when it has gone.
    if (shared.gaveUp) for (const tab of tabs) tab.destroy();
    const users = new Set(profile.disk.tables().flatMap(({ rows, scope }) => (rows.length > 0 ? [userIn(scope)] : [])));
    const present = new Map(tabs.map((tab) => [tab.user, tab]));
    for (const user of users) {
      const spare = tabs.find((tab) => present.get(tab.user) !== tab);
      if (present.has(user) || spare === undefined) continue;
      shared.switchUser(spare.slot);
      spare.destroy();
    }
  }
}

function lift(disk: Profile['disk']): void {
  disk.set('well');
  disk.openFails(null);
  disk.failNext(0);
  disk.failNext(0, 'read');
}

/** As the disk names what belongs to one user. */
function userIn(scope: string): string {
  return (JSON.parse(scope.slice(scope.indexOf('['))) as readonly string[])[0]!;
}

function createStorage(): TextStorage {
  const texts = new Map<string, string>();
  return { get: (key) => texts.get(key) ?? null, set: (key, text) => void texts.set(key, text) };
}
