import type { ServerEnvironment } from '../environment.ts';
import type { Held, Holding, PageKey, PresenceStore, Present, PresenceChange, Showing } from './presence.ts';

/** Of a channel where nobody is or was: the only version that is not drawn. */
const EMPTY = '0';
/** Pages in a channel, those included that have left and are remembered. */
const MOST = 10_000;
/** Pages that left before they were heard to enter: they keep nobody out. */
const MOST_STRANGERS = 1000;
const SWEEP_EVERY = 60_000;

/** Who holds what was only said by the way, until somebody else does. */
const NOBODY = '';
/** Of one page. */
const MOST_HOLDERS = 8;

interface Entry {
  readonly key: string;
  readonly k: number;
  readonly id: string;
  /** null: it has left, which is remembered until the lease ends. */
  readonly present: Present | null;
  /** When the lease of each holder ends. */
  readonly leases: Map<string, number>;
}

/** Who follows the channels. */
interface Feed {
  tell(channel: string, change: PresenceChange): void;
  isFollowed(channel: string): boolean;
}

/** All channels. Holds no timer: leases are looked at by whoever asks. */
export class MemoryPresences implements PresenceStore {
  readonly #environment: ServerEnvironment;
  readonly #feed: Feed;
  readonly #channels = new Map<string, MemoryPresence>();
  #sweptAt: number;

  constructor(environment: ServerEnvironment, feed: Feed) {
    this.#environment = environment;
    this.#feed = feed;
    this.#sweptAt = environment.now();
  }

  enter(channel: string, showing: Showing, lease: number): Promise<'shown' | 'stale' | 'taken' | 'full'> {
    return this.#step((now) => this.#of(channel).enter(showing, now + lease));
  }

  leave(channel: string, page: PageKey & Pick<Showing, 'k'>, lease: number): Promise<void> {
    return this.#step((now) => this.#of(channel).leave(page, now + lease));
  }

  renew(channel: string, held: readonly Holding[], lease: number): Promise<readonly ('held' | 'left' | 'missing')[]> {
    return this.#step((now) => held.map((each) => this.#channels.get(channel)?.renew(each, now + lease) ?? 'missing'));
  }

  drop(channel: string, held: Held, grace: number): Promise<void> {
    return this.#step((now) => this.#channels.get(channel)?.drop(held, now + grace));
  }

  members(channel: string): Promise<{ readonly version: string; readonly members: readonly Present[] }> {
    return this.#step((now) => {
      const known = this.#channels.get(channel);
      known?.expire(now);
      return { version: known?.version ?? EMPTY, members: known?.members ?? [] };
    });
  }

  expire(channel: string): Promise<string> {
    return this.#step((now) => {
      this.#channels.get(channel)?.expire(now);
      return this.#channels.get(channel)?.version ?? EMPTY;
    });
  }

  clear(): void {
    this.#channels.clear();
  }

  #of(channel: string): MemoryPresence {
    let known = this.#channels.get(channel);
    if (known === undefined) {
      const tell = (change: PresenceChange): void => this.#feed.tell(channel, change);
      this.#channels.set(channel, (known = new MemoryPresence(() => this.#environment.createTag(), tell)));
    }
    return known;
  }

  /** Those that are empty are forgotten, unless somebody knows their version. */
  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [channel, presence] of this.#channels) {
      presence.expire(now);
      if (presence.empty && !this.#feed.isFollowed(channel)) this.#channels.delete(channel);
    }
  }

  /** The work is done before it returns; only the answer is a promise. */
  #step<T>(work: (now: number) => T): Promise<T> {
    try {
      const now = this.#environment.now();
      if (now - this.#sweptAt >= SWEEP_EVERY) this.#sweep(now);
      return Promise.resolve(work(now));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Who is in one channel. Times are given by whoever calls. */
class MemoryPresence {
  /** The longest there first. */
  readonly #entries = new Map<string, Entry>();
  /** Pages by the id that others know. */
  readonly #ids = new Map<string, string>();
  readonly #draw: () => string;
  readonly #tell: (change: PresenceChange) => void;
  #version = EMPTY;
  /** Of the entries, those that left before they entered. */
  #strangers = 0;

  constructor(draw: () => string, tell: (change: PresenceChange) => void) {
    this.#draw = draw;
    this.#tell = tell;
  }

  get version(): string {
    return this.#version;
  }

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  get members(): readonly Present[] {
    return [...this.#entries.values()].flatMap(({ present }) => (present === null ? [] : [present]));
  }

  enter({ k, holder, id, by, data, ...page }: Showing, until: number): 'shown' | 'stale' | 'taken' | 'full' {
    const key = keyOf(page);
    const known = this.#entries.get(key);
    if (known !== undefined && k <= known.k) {
      if (known.present === null) return 'stale';
      hold(known.leases, holder, until);
      return k === known.k ? 'shown' : 'stale';
    }
    const owner = this.#ids.get(id);
    if (owner !== undefined && owner !== key) return 'taken';
    if (known === undefined && this.#entries.size - this.#strangers >= MOST) return 'full';
    const isHere = known !== undefined && known.present !== null;
    const leases = isHere ? known.leases : new Map<string, number>();
    hold(leases, holder, until);
    // Under another name, and after it had left, it is as one that comes.
    if (known !== undefined && (!isHere || known.id !== id)) this.#remove(known);
    const present: Present = { id, k, ...(by !== undefined && { by }), ...(data !== undefined && { data }) };
    this.#entries.set(key, { key, k, id, present, leases });
    this.#ids.set(id, key);
    this.#change(id, present);
    return 'shown';
  }

  leave({ k, ...page }: PageKey & Pick<Showing, 'k'>, until: number): void {
    const key = keyOf(page);
    const known = this.#entries.get(key);
    if (known === undefined ? this.#strangers >= MOST_STRANGERS : k < known.k) return;
    if (known !== undefined) this.#remove(known);
    const id = known?.id ?? '';
    this.#entries.set(key, { key, k, id, present: null, leases: new Map([[NOBODY, until]]) });
    if (id === '') this.#strangers += 1;
    else this.#ids.set(id, key);
  }

  renew({ holder, k, ...page }: Holding, until: number): 'held' | 'left' | 'missing' {
    const known = this.#entries.get(keyOf(page));
    if (known === undefined) return 'missing';
    if (known.present === null) return k > known.k ? 'missing' : 'left';
    hold(known.leases, holder, until);
    return 'held';
  }

  drop({ holder, ...page }: Held, until: number): void {
    const leases = this.#entries.get(keyOf(page))?.leases;
    if (leases?.has(holder)) leases.set(holder, Math.min(leases.get(holder)!, until));
  }

  expire(now: number): void {
    for (const entry of this.#entries.values()) {
      for (const [holder, until] of entry.leases) if (until <= now) entry.leases.delete(holder);
      if (entry.leases.size === 0) this.#remove(entry);
    }
  }

  #remove({ key, id, present }: Entry): void {
    this.#entries.delete(key);
    this.#ids.delete(id);
    if (id === '') this.#strangers -= 1;
    if (present !== null) this.#change(id, null);
  }

  #change(id: string, present: Present | null): void {
    const previous = this.#version;
    this.#version = this.#draw();
    this.#tell({ version: this.#version, previous, id, present });
  }
}

function hold(leases: Map<string, number>, holder: string | null, until: number): void {
  if (holder === null) {
    if (leases.size === 0) leases.set(NOBODY, until);
    return;
  }
  leases.delete(NOBODY);
  leases.set(holder, until);
  if (leases.size > MOST_HOLDERS) leases.delete(leases.keys().next().value!);
}

/** Length first, so that no user and client together read as another pair. */
function keyOf({ user, client }: PageKey): string {
  return `${user.length} ${user}${client}`;
}
