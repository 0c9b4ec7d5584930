import type { ServerPres, WireMember } from '../src/protocol/presence-frame.ts';
import type { Follower } from './brokers/broker.ts';
import type { Present, PresenceChange } from './brokers/presence.ts';
import type { Services } from './services.ts';
import { SharedFrame } from './tail.ts';
import { within } from './verdict.ts';

/** What changes within this time of the last telling is told together, ms: a crowd that comes is a few messages. */
const GATHER = 100;
/** Steps that are kept for those who know an older version. */
const STEPS = 32;
/** Leases are looked at this often, ms, and whether a change was missed. */
const CHECK = 5000;
const IDLE = 30_000;

export interface Watcher {
  /** The roster has another version than before. */
  onRoster(): void;
}

/** From one version to the next, or all of it. */
interface Step {
  readonly from: string;
  readonly shared: SharedFrame;
}

type Needs = Pick<Services, 'broker' | 'environment' | 'limits' | 'timing' | 'report'>;

/** Who is in one channel, as this server knows it: for all that watch it. */
export class Roster implements Follower {
  readonly #channel: string;
  readonly #services: Needs;
  readonly #watchers = new Set<Watcher>();
  #entries = new Map<string, Present>();
  /** Of the entries; null: they were not read, or must be read again. */
  #latest: string | null = null;
  /** What watchers are told, and its version; empty before anything was read. */
  #told: ReadonlyMap<string, Present> = new Map();
  #version = '';
  #steps: Step[] = [];
  #full: SharedFrame | null = null;
  /** About bytes: what is told in one piece must leave a connection below its bound. */
  readonly #sizes = new WeakMap<Present, number>();
  /** What came while the store is asked. */
  #news: PresenceChange[] = [];
  /** Of the reads, the one that counts; what it answers is void once there is another. */
  #turn = 0;
  #reading = false;
  #follow: 'no' | 'asked' | (() => void) = 'no';
  #timer: unknown = null;
  #toldAt = -Infinity;
  #checkAt = 0;
  #idleSince: number | null = null;
  #life: 'open' | 'closed' = 'open';

  constructor(channel: string, services: Needs) {
    this.#channel = channel;
    this.#services = services;
    this.#checkAt = services.environment.now() + CHECK;
  }

  /** Empty: nothing is known yet. */
  get version(): string {
    return this.#version;
  }

  join(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#idleSince = null;
    if (this.#latest === null && !this.#reading) this.#read();
    else if (this.#timer === null && this.#version !== this.#latest) this.#tell();
  }

  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) this.#idleSince = this.#services.environment.now();
  }

  /** What leads from `version` to the present one. */
  since(version: string): readonly SharedFrame[] {
    const at = this.#steps.findIndex(({ from }) => from === version);
    if (at >= 0) return this.#steps.slice(at).map(({ shared }) => shared);
    const set = [...this.#told.values()].map(wireOf);
    return [(this.#full ??= new SharedFrame({ t: 'pres', c: this.#channel, v: this.#version, set }))];
  }

  // ---- from the feed ---------------------------------------------------------------------------------------------------

  onNotice(): void {}

  onVolatile(): void {}

  onPresence(change: PresenceChange): void {
    if (this.#reading) this.#news.push(change);
    else if (this.#latest !== null) this.#take(change);
  }

  onDoubt(): void {
    this.#latest = null;
    this.#read();
  }

  // ---- by time ---------------------------------------------------------------------------------------------------------

  /** @returns whether nobody needs it any more */
  sweep(now: number): boolean {
    if (this.#idleSince !== null && now - this.#idleSince >= IDLE) {
      this.close();
      return true;
    }
    if (now < this.#checkAt || this.#watchers.size === 0) return false;
    this.#checkAt = now + CHECK;
    if (this.#latest === null) this.#read();
    else this.#check();
    return false;
  }

  close(): void {
    this.#life = 'closed';
    this.#services.environment.clearTimeout(this.#timer);
    if (typeof this.#follow === 'function') this.#follow();
  }

  /** Whose lease has ended is told by the feed; if something else was not, the version shows it. */
  #check(): void {
    const latest = this.#latest;
    const { broker } = this.#services;
    this.#ask(broker.presence.expire(this.#channel), (version) => {
      // What came meanwhile may be newer than the answer: the next check will tell.
      if (version !== this.#latest && this.#latest === latest) this.onDoubt();
    });
  }

  // ---- what the store holds -----------------------------------------------------------------------------------------------

  #read(): void {
    if (this.#life === 'closed' || this.#follow === 'asked') return;
    if (this.#follow === 'no') return this.#join();
    const turn = (this.#turn += 1);
    this.#reading = true;
    this.#news = [];
    this.#ask(
      this.#services.broker.presence.members(this.#channel),
      ({ version, members }) => {
        // Since then there was a doubt, and it is asked again.
        if (turn !== this.#turn) return;
        this.#reading = false;
        this.#entries = new Map(members.map((present) => [present.id, present]));
        this.#latest = version;
        this.#catchUp(this.#news.splice(0));
        this.#tellSoon();
      },
      () => {
        if (turn === this.#turn) this.#reading = false;
      },
    );
  }

  /** The feed first, so that nothing falls between. */
  #join(): void {
    this.#follow = 'asked';
    const joined = (leave: () => void): void => {
      this.#follow = leave;
      if (this.#life === 'closed') leave();
      else this.#read();
    };
    const joining = this.#services.broker.follow(this.#channel, this);
    this.#ask(joining, joined, () => {
      this.#follow = 'no';
      // It may have come too late only.
      joining.then(
        (leave) => leave(),
        () => {},
      );
    });
  }

  /** What came while the store was asked is in its answer, or follows it. */
  #catchUp(news: readonly PresenceChange[]): void {
    const known = news.findIndex(({ version }) => version === this.#latest);
    const first = known >= 0 ? known + 1 : news.findIndex(({ previous }) => previous === this.#latest);
    if (first < 0 && news.length > 0) return this.onDoubt();
    for (const change of news.slice(Math.max(0, first))) if (this.#latest !== null) this.#take(change);
  }

  #take({ version, previous, id, present }: PresenceChange): void {
    if (version === this.#latest) return;
    if (previous !== this.#latest) return this.onDoubt();
    this.#latest = version;
    if (present === null) this.#entries.delete(id);
    else this.#entries.set(id, present);
    this.#tellSoon();
  }

  #ask<T>(asked: Promise<T>, done: (value: T) => void, failed = (): void => {}): void {
    const { environment, timing, report } = this.#services;
    const onFault = (error: unknown): void => {
      if (this.#life === 'open') report('broker-failed', { channel: this.#channel, error });
      failed();
    };
    within(environment, timing.ruleTimeout, asked, done, onFault);
  }

  // ---- what is told -------------------------------------------------------------------------------------------------------

  #tellSoon(): void {
    const { environment } = this.#services;
    if (this.#timer !== null || this.#watchers.size === 0) return;
    if (this.#version === '') return this.#tell();
    const wait = Math.min(GATHER, Math.max(0, this.#toldAt + GATHER - environment.now()));
    this.#timer = environment.setTimeout(() => {
      this.#timer = null;
      this.#tell();
    }, wait);
  }

  #tell(): void {
    // It is read again: what is told then leads on from what was told last.
    if (this.#latest === null || this.#latest === this.#version) return;
    const { environment, limits } = this.#services;
    const shown = new Map<string, Present>();
    let bytes = 0;
    for (const present of this.#entries.values()) {
      bytes += this.#sizeOf(present);
      if (shown.size >= limits.members || bytes > limits.queue / 2) break;
      shown.set(present.id, present);
    }
    this.#step(shown, this.#latest);
    this.#toldAt = environment.now();
    for (const watcher of this.#watchers) watcher.onRoster();
  }

  #sizeOf(present: Present): number {
    let size = this.#sizes.get(present);
    if (size === undefined) this.#sizes.set(present, (size = JSON.stringify(present).length));
    return size;
  }

  #step(shown: ReadonlyMap<string, Present>, v: string): void {
    // Another user may have an id that became free. A page that leaves and comes back at once is not told as gone.
    const stays = ({ id, by }: Present): boolean => shown.has(id) && shown.get(id)!.by === by;
    const gone = [...this.#told.values()].filter((old) => !stays(old)).map(({ id }) => id);
    const isNew = new Set(gone);
    const set = [...shown.values()].filter((now) => isNew.has(now.id) || !isSame(this.#told.get(now.id), now)).map(wireOf);
    const changes = { ...(set.length > 0 && { set }), ...(gone.length > 0 && { gone }) };
    const frame: ServerPres = { t: 'pres', c: this.#channel, v, pv: this.#version, ...changes };
    if (this.#version !== '')
      this.#steps = [...this.#steps, { from: this.#version, shared: new SharedFrame(frame) }].slice(-STEPS);
    this.#told = shown;
    this.#version = v;
    this.#full = null;
  }
}

function wireOf({ id, k, by, data }: Present): WireMember {
  return { id, k, ...(by !== undefined && { by }), ...(data !== undefined && { d: data }) };
}

/** What was read again is another object, and mostly the same. Who takes an id over may count from 1 too. */
function isSame(old: Present | undefined, now: Present): boolean {
  return old === now || (old?.k === now.k && JSON.stringify(old.data) === JSON.stringify(now.data));
}

/** The rosters of one server. One that nobody watches is kept for a while: polls come back. */
export class Rosters {
  readonly #services: Needs;
  readonly #rosters = new Map<string, Roster>();

  constructor(services: Needs) {
    this.#services = services;
  }

  get size(): number {
    return this.#rosters.size;
  }

  of(channel: string): Roster {
    let roster = this.#rosters.get(channel);
    if (roster === undefined) this.#rosters.set(channel, (roster = new Roster(channel, this.#services)));
    return roster;
  }

  sweep(now: number): void {
    for (const [channel, roster] of this.#rosters) if (roster.sweep(now)) this.#rosters.delete(channel);
  }

  close(): void {
    for (const roster of this.#rosters.values()) roster.close();
    this.#rosters.clear();
  }
}
