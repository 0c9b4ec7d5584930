import { describe, expect, it } from 'vitest';
import type { KeyRange, StoreContext, StoreWrite } from '../../../src/outbox/store.ts';
import type { Environment } from '../../../src/platform/environment.ts';
import { type Profile, type ProfilePage, createProfile } from '../../support/profile.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

const URL = 'https://test.example/realtime';
const CONTEXT: StoreContext = { environment: {} as Environment, user: 'ada', url: URL };
const ALL: KeyRange = [[], ['zz']];
const ONE: StoreWrite = { remove: [], put: [[['a'], 1]], strict: false };

interface Setting {
  readonly clock: VirtualClock;
  readonly profile: Profile;
  readonly first: ProfilePage;
  readonly second: ProfilePage;
}

function setUp(latency: readonly [number, number] = [0, 0]): Setting {
  const clock = createVirtualClock();
  const profile = createProfile({ clock, latency });
  return { clock, profile, first: profile.page('1'), second: profile.page('2') };
}

/** Holds it until the test says otherwise. */
function hold({ environment }: ProfilePage, name: string) {
  const told: string[] = [];
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const run = (lock: object | null): Promise<void> => {
    told.push(lock === null ? 'taken' : 'held');
    return lock === null ? Promise.resolve() : held;
  };
  environment.locks!.request(name, { ifAvailable: true }, run).then(
    () => told.push('over'),
    (error: unknown) => told.push((error as Error).name),
  );
  return { told, release };
}

describe('the locks of a profile', () => {
  it('are held by one page at a time, until it lets go', async () => {
    const { clock, first, second } = setUp();
    const mine = hold(first, 'outbox');
    expect(mine.told).toEqual([]);
    await clock.advance(0);
    expect(mine.told).toEqual(['held']);
    const theirs = hold(second, 'outbox');
    await clock.advance(0);
    expect(theirs.told).toEqual(['taken', 'over']);
    mine.release();
    await clock.settle();
    expect(mine.told).toEqual(['held', 'over']);
    const again = hold(second, 'outbox');
    await clock.advance(0);
    expect(again.told).toEqual(['held']);
  });

  it('are free when their page is dead, even before it had them', async () => {
    const { clock, profile, first, second } = setUp();
    const mine = hold(first, 'outbox');
    first.die();
    const theirs = hold(second, 'outbox');
    await clock.advance(0);
    expect([mine.told, theirs.told]).toEqual([[], ['held']]);
    mine.release();
    await clock.settle();
    expect(profile.locks.held).toEqual(['outbox']);
    expect([first.left.locks, second.left.locks]).toEqual([0, 1]);
  });

  it('can be taken away: the holder is told later, and frees nothing of the next', async () => {
    const { clock, profile, first, second } = setUp();
    const mine = hold(first, 'outbox');
    await clock.advance(0);
    expect(profile.locks.lose('outbox')).toBe(true);
    const theirs = hold(second, 'outbox');
    await clock.settle();
    expect(mine.told).toEqual(['held']);
    await clock.advance(0);
    expect([mine.told, theirs.told]).toEqual([['held', 'AbortError'], ['held']]);
    mine.release();
    await clock.settle();
    expect(profile.locks.heldBy(second)).toEqual(['outbox']);
    expect(profile.locks.lose('another')).toBe(false);
  });

  it('refuse what the outbox must not ask for', async () => {
    const { first } = setUp();
    const { locks } = first.environment;
    await expect(locks!.request('-name', { ifAvailable: true }, async () => {})).rejects.toThrow('reserved');
    await expect(locks!.request('name', {} as { ifAvailable: true }, async () => {})).rejects.toThrow('ifAvailable');
  });
});

describe('the broadcasts of a profile', () => {
  function listen({ environment }: ProfilePage, name: string) {
    const channel = new environment.BroadcastChannel(name);
    const heard: unknown[] = [];
    channel.onmessage = ({ data }) => heard.push(data);
    return { channel, heard };
  }

  it('reach every other channel of the name, later, as a copy', async () => {
    const { clock, first, second } = setUp();
    const [mine, beside, theirs, other] = [listen(first, 'a'), listen(first, 'a'), listen(second, 'a'), listen(second, 'b')];
    const message = { ids: ['x'] };
    mine.channel.postMessage(message);
    message.ids.push('y');
    expect(theirs.heard).toEqual([]);
    await clock.advance(0);
    expect([mine.heard, beside.heard, theirs.heard, other.heard]).toEqual([[], [{ ids: ['x'] }], [{ ids: ['x'] }], []]);
  });

  it('wait for a page that is frozen, and are lost on one that is dead or closed', async () => {
    const { clock, profile, first, second } = setUp();
    const third = profile.page('3');
    const [mine, frozen, dead, closed] = [listen(first, 'a'), listen(second, 'a'), listen(third, 'a'), listen(first, 'a')];
    second.freeze();
    mine.channel.postMessage(1);
    third.die();
    closed.channel.close();
    await clock.advance(0);
    expect([frozen.heard, dead.heard, closed.heard]).toEqual([[], [], []]);
    second.thaw();
    expect(frozen.heard).toEqual([1]);
    expect(() => closed.channel.postMessage(2)).toThrow('closed');
    expect([first.left.channels, second.left.channels, third.left.channels]).toEqual([1, 1, 0]);
    expect(profile.broadcasts.open).toBe(2);
  });
});

describe('a page of a profile', () => {
  it.each([
    { after: 4, rows: 0 },
    { after: 6, rows: 1 },
  ])('that dies $after ms after a write of 10 ms leaves $rows rows, and is told nothing', async ({ after, rows }) => {
    const { clock, profile, first } = setUp([10, 10]);
    const opened = first.store.open(CONTEXT);
    await clock.advance(10);
    const store = await opened;
    let told = 'nothing';
    void store.write(ONE).then(() => (told = 'written'));
    await clock.advance(after);
    first.die();
    await clock.advance(100);
    expect(profile.disk.rows('ada', URL)).toHaveLength(rows);
    expect(told).toBe('nothing');
    expect(first.left).toEqual({ locks: 0, channels: 0, stores: 0 });
  });

  it('is told when it thaws what was done while it was frozen', async () => {
    const { clock, profile, first } = setUp();
    const opened = first.store.open(CONTEXT);
    await clock.advance(0);
    const store = await opened;
    let told = 'nothing';
    void store.write(ONE).then(() => (told = 'written'));
    first.freeze();
    await clock.advance(0);
    expect([told, profile.disk.rows('ada', URL).length]).toEqual(['nothing', 1]);
    first.thaw();
    await clock.settle();
    expect(told).toBe('written');
    expect(first.left.stores).toBe(1);
  });

  it('shares its rows with the other pages, and not with those of a copy', async () => {
    const { clock, profile, first, second } = setUp();
    const stores = Promise.all([first, second, profile.clone().page('3')].map(({ store }) => store.open(CONTEXT)));
    await clock.advance(0);
    const [mine, theirs, copied] = await stores;
    void mine!.write(ONE);
    const reads = Promise.all([theirs!.read([ALL]), copied!.read([ALL])]);
    await clock.advance(0);
    expect(await reads).toEqual([[[[['a'], 1]]], [[]]]);
  });

  it('is dead with all the others when the power fails', async () => {
    const { clock, profile, first, second } = setUp();
    const opened = first.store.open(CONTEXT);
    await clock.advance(0);
    const written = (await opened).write(ONE);
    await clock.advance(0);
    await written;
    profile.powerLoss();
    expect([first.diedAt, second.diedAt]).toEqual([clock.now(), clock.now()]);
    expect(profile.disk.rows('ada', URL)).toEqual([]);
  });
});
