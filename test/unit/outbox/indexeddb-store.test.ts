import { describe, expect, it, vi } from 'vitest';
import { type IndexedDBOutboxOptions, indexedDBOutbox } from '../../../src/outbox/indexeddb-store.ts';
import type { Environment } from '../../../src/platform/environment.ts';
import { until } from '../../support/until.ts';
import { all, createFaultyDisk, failingRequest, openElsewhere, put, remove, row } from './faulty-disk.ts';

const failed = (problem: string): object => expect.objectContaining({ code: 'storage-failed', details: { problem } });

describe('options', () => {
  it.each<readonly [string, IndexedDBOutboxOptions]>([
    ['name', { name: '' }],
    ['name', { name: 7 as never }],
    ['durability', { durability: 'default' as never }],
    ['persist', { persist: 'yes' as never }],
  ])('a wrong `%s` is told at once', (name, options) => {
    expect(() => indexedDBOutbox(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(() => indexedDBOutbox(options)).toThrow(`\`${name}\``);
  });

  it('touches nothing before it is opened', () => {
    expect(indexedDBOutbox()).toMatchObject({ name: 'indexeddb', durable: true });
  });

  it('a name of one’s own leaves out the server', async () => {
    const { environment } = createFaultyDisk();
    const scopeOf = async (options: IndexedDBOutboxOptions, user: string, url: string): Promise<string> => {
      const store = await indexedDBOutbox(options).open({ environment, user, url });
      await store.close();
      return store.scope;
    };
    const scopes = await Promise.all([
      scopeOf({}, 'ann', 'a'),
      scopeOf({}, 'ann', 'b'),
      scopeOf({ name: 'todo' }, 'ann', 'a'),
      scopeOf({ name: 'todo' }, 'bob', 'a'),
      scopeOf({ name: 'holdfast' }, 'ann', 'a'),
    ]);
    expect(new Set(scopes).size).toBe(5);
    expect(await scopeOf({ name: 'todo' }, 'ann', 'b')).toBe(scopes[2]);
  });

  it.each<readonly [IndexedDBOutboxOptions, readonly string[]]>([
    [{}, ['relaxed', 'strict']],
    [{ durability: 'relaxed' }, ['relaxed', 'strict']],
    [{ durability: 'strict' }, ['strict', 'strict']],
  ])('%j: writes are %j, the second of them by its own wish', async (options, wanted) => {
    const disk = createFaultyDisk();
    const store = await disk.open(options);
    await store.write(put(1));
    await store.write({ ...put(2), strict: true });
    expect(disk.durabilities).toEqual(wanted);
  });

  it.each<readonly [string, () => Promise<boolean>]>([
    ['yes', () => Promise.resolve(true)],
    ['an error', () => Promise.reject(new TypeError('not here'))],
    ['nothing, ever', () => new Promise(() => {})],
  ])('`persist` asks once, and goes on whatever is answered: %s', async (_, answer) => {
    const disk = createFaultyDisk();
    const persistStorage = vi.fn(answer);
    const store = await disk.open({ persist: true }, { persistStorage });
    disk.die('last');
    await store.write(put(1));
    expect(disk.databases).toHaveLength(2);
    expect(persistStorage).toHaveBeenCalledTimes(1);
  });

  it('does not ask unless told to, and takes a platform that cannot be asked', async () => {
    const persistStorage = vi.fn(() => Promise.resolve(true));
    await createFaultyDisk().open({}, { persistStorage });
    expect(persistStorage).not.toHaveBeenCalled();
    await createFaultyDisk().open({ persist: true }, { persistStorage: undefined });
  });
});

describe('opening', () => {
  const thrower = (name: string): (() => never) => {
    return () => {
      throw new DOMException('no', name);
    };
  };
  it.each<readonly [string, Partial<Environment>, string]>([
    ['no indexedDB', { indexedDB: undefined }, 'unsupported'],
    ['no IDBKeyRange', { IDBKeyRange: undefined }, 'unsupported'],
    ['null', { indexedDB: null }, 'denied'],
    ['reading it throws', Object.defineProperty({}, 'indexedDB', { get: thrower('SecurityError') }), 'denied'],
    ['open() throws', { indexedDB: { open: thrower('SecurityError') } }, 'denied'],
  ])('%s: fails, and says why', async (_, replaced, problem) => {
    const disk = createFaultyDisk();
    await expect(disk.open({}, replaced)).rejects.toEqual(failed(problem));
    expect(disk.clock.pending).toBe(0);
  });

  it.each([
    ['SecurityError', 'denied'],
    ['InvalidStateError', 'denied'],
    ['VersionError', 'blocked'],
    ['QuotaExceededError', 'quota'],
    ['UnknownError', 'broken'],
    ['AbortError', 'broken'],
  ])('%s is reported as %s, and the next opening is a new one', async (name, problem) => {
    const disk = createFaultyDisk();
    disk.openFaults = [name];
    await expect(disk.open()).rejects.toEqual(failed(problem));
    await expect(disk.open()).resolves.toBeDefined();
    expect(disk.clock.pending).toBe(0);
  });

  it('takes what Chromium says when the user allows no data for a denial', async () => {
    const disk = createFaultyDisk();
    const open = (): object => failingRequest('UnknownError', 'The user denied permission to access the database.');
    await expect(disk.open({}, { indexedDB: { open } })).rejects.toMatchObject({ details: { problem: 'denied' } });
  });

  it('fails with a newer version of the database', async () => {
    const disk = createFaultyDisk();
    const { scope, close } = await disk.open();
    await close();
    (await openElsewhere(disk.factory, scope, 2)).close();
    await expect(disk.open()).rejects.toMatchObject({ details: { problem: 'blocked' }, cause: { name: 'VersionError' } });
  });

  it('that is never answered fails after 5 s', async () => {
    const { clock, open } = createFaultyDisk();
    let answer: unknown = 'none';
    void open({}, { indexedDB: { open: () => ({}) } }).catch((error: unknown) => (answer = error));
    await clock.advance(4999);
    expect(answer).toBe('none');
    await clock.advance(1);
    expect(answer).toEqual(failed('blocked'));
  });

  it('that waits for another page fails after 5 s, and leaves no handle when it comes after all', async () => {
    const disk = createFaultyDisk();
    const { scope, close } = await disk.open();
    await close();
    const other = await openElsewhere(disk.factory, scope, 1);
    disk.factory.deleteDatabase(scope);
    const opening = expect(disk.open()).rejects.toEqual(failed('blocked'));
    await disk.clock.advance(5000);
    await opening;
    other.close();
    await until(() => disk.databases.length === 2, 1000, 'it came');
    const [, late] = disk.databases;
    expect(() => late!.transaction('outbox')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    const blocked = vi.fn();
    (await openElsewhere(disk.factory, scope, 2, blocked)).close();
    expect(blocked).not.toHaveBeenCalled();
  });
});

describe('writing', () => {
  it('ends each transaction by itself, where a browser has that', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    await store.write(put(1));
    expect(disk.commits()).toBe(1);
    const [database] = disk.databases;
    const transact = database!.transaction.bind(database);
    database!.transaction = (...args) => Object.assign(transact(...args), { commit: undefined });
    await store.write(put(2));
    expect([disk.commits(), await all(store)]).toEqual([1, [row(1), row(2)]]);
  });

  it('tells that there is no room, and does not try again by itself', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    await store.write(put(1));
    disk.faults = ['QuotaExceededError'];
    await expect(store.write({ ...remove(1), put: [row(2)] })).rejects.toEqual(failed('quota'));
    expect(await all(store)).toEqual([row(1)]);
    await store.write(put(2));
    expect([await all(store), disk.databases.length]).toEqual([[row(1), row(2)], 1]);
  });
});

describe('another page', () => {
  it('may upgrade at once; what comes next is told that it is the older one', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    const writing = store.write(put(1));
    const blocked = vi.fn();
    const upgraded = await openElsewhere(disk.factory, store.scope, 2, blocked);
    expect(blocked).not.toHaveBeenCalled();
    await writing;
    await expect(store.write(put(2))).rejects.toEqual(failed('blocked'));
    await expect(store.read([])).rejects.toEqual(failed('blocked'));
    upgraded.close();
  });

  it('may delete it; what comes next begins anew', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    await store.write(put(1));
    const blocked = vi.fn();
    await new Promise((resolve) => {
      Object.assign(disk.factory.deleteDatabase(store.scope), { onsuccess: resolve, onblocked: blocked });
    });
    expect(blocked).not.toHaveBeenCalled();
    await store.write(put(2));
    expect(await all(store)).toEqual([row(2)]);
  });

  it('has nothing to wait for once a store is closed', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    await store.write(put(1));
    await store.close();
    const blocked = vi.fn();
    (await openElsewhere(disk.factory, store.scope, 2, blocked)).close();
    expect(blocked).not.toHaveBeenCalled();
  });
});
