/** A browser profile: what the pages of one site share there, and what becomes of it when one of them dies. */
import type { BroadcastConstructor, Locks } from '../../src/platform/environment.ts';
import type { OutboxStore } from '../../src/outbox/store.ts';
import { type Broadcasts, createBroadcasts } from './broadcasts.ts';
import { type Disk, type DiskOptions, type Holder, type StoreOptions, createDisk } from './disk.ts';
import { type ProfileLocks, createLocks } from './locks.ts';

export interface ProfileOptions extends DiskOptions, Pick<StoreOptions, 'durability'> {
  /** What is there already. @default an empty one */
  readonly disk?: Disk;
  /** none: as in a page of plain `http:`. @default 'web-locks' */
  readonly exclusion?: 'web-locks' | 'none';
}

export interface ProfilePageOptions {
  /** Runs what arrives at the page, if the test stops pages by itself. @default at once, or when it thaws */
  readonly arrive?: (run: () => void) => void;
}

export interface ProfilePage extends Holder {
  readonly id: string;
  /** Its profile's, also when others go on with a copy. */
  readonly disk: Disk;
  /** For `outbox.store`. */
  readonly store: OutboxStore;
  /** For `environment`. */
  readonly environment: { readonly locks: Locks | undefined; readonly BroadcastChannel: BroadcastConstructor };
  /** Nothing arrives at it until {@link thaw}; its locks and channels stay. */
  freeze(): void;
  thaw(): void;
  /** Its process is gone, with its locks and channels, and with the transactions that had not begun to commit. */
  die(): void;
  /** What it has not given back: a page that ended well has none of these (invariant I16). */
  readonly left: { readonly locks: number; readonly channels: number; readonly stores: number };
}

export interface Profile {
  readonly disk: Disk;
  readonly locks: ProfileLocks;
  readonly broadcasts: Broadcasts;
  page(id: string, options?: ProfilePageOptions): ProfilePage;
  /** All its pages die, and the disk loses what it had not written out. */
  powerLoss(): void;
  /** A copy of its disk, with no page. */
  clone(): Profile;
}

export function createProfile(options: ProfileOptions): Profile {
  const { clock, durability = 'relaxed', disk = createDisk(options), exclusion = 'web-locks' } = options;
  const locks = createLocks(clock);
  const broadcasts = createBroadcasts(clock);
  const pages = new Set<ProfilePage>();

  const createPage = (id: string, { arrive }: ProfilePageOptions): ProfilePage => {
    let state: 'running' | 'frozen' | 'dead' = 'running';
    let diedAt: number | null = null;
    let waiting: (() => void)[] = [];
    const page: ProfilePage = {
      ...{ id, disk },
      get diedAt() {
        return diedAt;
      },
      arrive(run) {
        if (state === 'frozen') waiting.push(run);
        else if (state === 'running') (arrive ?? ((now) => now()))(run);
      },
      get store() {
        return store;
      },
      get environment() {
        return environment;
      },
      freeze() {
        if (state === 'running') state = 'frozen';
      },
      thaw() {
        if (state !== 'frozen') return;
        state = 'running';
        for (const run of waiting.splice(0)) page.arrive(run);
      },
      die() {
        if (state === 'dead') return;
        state = 'dead';
        diedAt = clock.now();
        waiting = [];
        locks.release(page);
        pages.delete(page);
      },
      get left() {
        return { locks: locks.heldBy(page).length, channels: broadcasts.openOf(page), stores: disk.handlesOf(page) };
      },
    };
    const store = disk.store({ durability, holder: page });
    const environment = {
      locks: exclusion === 'none' ? undefined : locks.of(page),
      BroadcastChannel: broadcasts.of(page),
    };
    pages.add(page);
    return page;
  };

  return {
    disk,
    locks,
    broadcasts,
    page: (id, of = {}) => createPage(id, of),
    powerLoss() {
      for (const page of [...pages]) page.die();
      disk.powerLoss();
    },
    clone: () => createProfile({ ...options, disk: disk.clone() }),
  };
}
