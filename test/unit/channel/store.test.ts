import { describe, expect, it } from 'vitest';
import type { StoreDefinition } from '../../../src/types.ts';
import { LIST, at, createPlay, message, publication } from './store-support.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the value', () => {
  it('is the initial state, then the snapshot, then what follows', () => {
    const { store, follower } = createPlay({ ...LIST, load: (data: readonly string[]) => data.map((id) => `loaded ${id}`) });
    expect(store.get()).toBe(LIST.initial);
    follower.restart(at(1), { data: ['a'], cursor: null });
    follower.deliver(message('b', at(2)));
    follower.deliver(message('volatile', null));
    expect(store.get()).toEqual(['loaded a', 'b', 'volatile']);
  });

  it('without `load` is the data itself', () => {
    const { store, follower } = createPlay(LIST);
    const data = ['a'];
    follower.restart(at(1), { data, cursor: at(1) });
    expect(store.get()).toBe(data);
  });

  it('own publications come on top, in order, at once; those of earlier pages too', () => {
    const play = createPlay(LIST, [publication('earlier')]);
    play.publish('b');
    play.publish('c');
    play.follower.deliver(message('a', at(1)));
    expect(play.store.get()).toEqual(['a', '(earlier)', '(b)', '(c)']);
    expect(play.store.status.get().pending).toBe(3);
  });

  it('a pending one is told from a message', () => {
    const seen: unknown[] = [];
    const play = createPlay({ initial: 0, reduce: (count: number, given) => (seen.push(given), count + 1) });
    play.publish('a', { text: 'x' });
    expect(play.store.get()).toBe(1);
    const base = { channel: 'room', event: 'e', id: 'a', own: true, by: null, sentAt: null, cursor: null };
    expect(seen).toEqual([{ ...base, data: { text: 'x' }, pending: true }]);
    play.follower.deliver({ ...message('a', at(1)), own: true });
    expect(seen[1]).toMatchObject({ id: 'a', pending: false, cursor: at(1) });
  });

  it('one that is sent anew under another number keeps its turn', () => {
    const play = createPlay(LIST);
    play.publish('a');
    play.publish('b');
    play.publish('a');
    expect(play.store.get()).toEqual(['(a)', '(b)']);
  });

  it('a reset without a snapshot leaves it', () => {
    const { store, follower } = createPlay(LIST);
    follower.deliver(message('a', at(1)));
    const before = store.get();
    follower.restart(at(9, 'F'), null);
    expect(store.get()).toBe(before);
  });
});

describe('a pending publication', () => {
  it('is replaced by its echo', () => {
    const play = createPlay(LIST);
    play.publish('a');
    play.publish('b');
    play.follower.deliver(message('a', at(1)));
    expect(play.store.get()).toEqual(['a', '(b)']);
    play.end('a', 'accepted', at(1));
    expect(play.store.get()).toEqual(['a', '(b)']);
  });

  it.each(['rejected', 'cancelled', 'expired', 'closed', 'uncertain', 'lost'] as const)('%s: falls away', (result) => {
    const play = createPlay(LIST);
    play.publish('a');
    play.publish('b');
    play.end('a', result);
    expect([play.store.get(), play.store.status.get().pending]).toEqual([['(b)'], 1]);
  });

  it('accepted, then lost: falls away', () => {
    const play = createPlay(LIST);
    play.publish('a');
    play.end('a', 'accepted', at(5));
    play.end('a', 'lost');
    expect(play.store.get()).toEqual([]);
  });

  it('accepted, and nobody knows where: falls away', () => {
    const play = createPlay(LIST);
    play.publish('a');
    play.end('a', 'accepted', null);
    expect(play.store.get()).toEqual([]);
  });

  it('accepted: stays until its echo', () => {
    const play = createPlay(LIST);
    play.follower.deliver(message('x', at(1)));
    play.publish('a');
    play.end('a', 'accepted', at(3));
    play.follower.deliver(message('y', at(2)));
    expect(play.store.get()).toEqual(['x', 'y', '(a)']);
    play.follower.deliver(message('a', at(3)));
    expect(play.store.get()).toEqual(['x', 'y', 'a']);
  });

  it.each([
    ['the place passes it', (play: ReturnType<typeof createPlay>) => play.follower.pass(at(3)), []],
    ['the place comes close', (play: ReturnType<typeof createPlay>) => play.follower.pass(at(2)), ['(a)']],
    ['a snapshot has it', (play: ReturnType<typeof createPlay>) => play.follower.restart(at(3), { data: [], cursor: null }), []],
    [
      'a snapshot is older',
      (play: ReturnType<typeof createPlay>) => play.follower.restart(at(2), { data: [], cursor: null }),
      ['(a)'],
    ],
    ['a reset leads behind it', (play: ReturnType<typeof createPlay>) => play.follower.restart(at(3), null), []],
    ['a reset leads before it', (play: ReturnType<typeof createPlay>) => play.follower.restart(at(2), null), ['(a)']],
    ['a reset leads to another log', (play: ReturnType<typeof createPlay>) => play.follower.restart(at(1, 'F'), null), []],
    ['a message of another log comes', (play: ReturnType<typeof createPlay>) => play.follower.pass(at(9, 'F')), []],
  ])('accepted at 3, and %s', (_, happen, left) => {
    const play = createPlay(LIST);
    play.publish('a');
    play.end('a', 'accepted', at(3));
    happen(play);
    expect(play.store.get()).toEqual(left);
  });

  it('accepted behind the place already: its echo was filtered out', () => {
    const play = createPlay(LIST);
    play.follower.pass(at(5));
    play.publish('a');
    play.end('a', 'accepted', at(4));
    expect(play.store.get()).toEqual([]);
  });

  it('in mode live an accepted one falls away with the connection, for its echo may have been missed', async () => {
    const play = createPlay(LIST);
    play.follower.pass(null);
    play.tell({ state: 'live', lossy: false });
    await settled();
    play.publish('a');
    play.publish('b');
    play.end('a', 'accepted', at(3));
    expect(play.store.get()).toEqual(['(a)', '(b)']);
    play.tell({ state: 'subscribing' });
    await settled();
    play.publish('c');
    expect(play.store.get()).toEqual(['(b)', '(c)']);
    play.tell({ state: 'live', lossy: false });
    await settled();
    play.publish('d');
    for (const id of ['b', 'c', 'd']) play.end(id, 'accepted', at(4));
    expect(play.store.get()).toEqual(['(d)']);
  });
});

describe('listeners', () => {
  it('are told once a tick, and not if nothing changed', async () => {
    const play = createPlay({ ...LIST, reduce: (list, told) => (told.data === 'same' ? list : LIST.reduce(list, told)) });
    let told = 0;
    play.store.subscribe(() => (told += 1));
    play.follower.deliver(message('a', at(1)));
    play.follower.deliver(message('b', at(2)));
    expect([told, play.store.get()]).toEqual([0, ['a', 'b']]);
    await settled();
    expect(told).toBe(1);
    const before = play.store.get();
    play.follower.deliver(message('c', at(3), 'same'));
    play.follower.pass(at(4));
    await settled();
    expect([told, play.store.get()]).toEqual([1, before]);
    expect(play.store.get()).toBe(before);
  });

  it('see a change of a Map, whose keys nothing can see', async () => {
    const definition: StoreDefinition<ReadonlyMap<string, unknown>> = {
      initial: new Map(),
      reduce: (map, { id, data }) => new Map(map).set(id, data),
    };
    const play = createPlay(definition);
    let told = 0;
    play.store.subscribe(() => (told += 1));
    play.follower.deliver(message('a', at(1)));
    await settled();
    expect([told, [...play.store.get().keys()]]).toEqual([1, ['a']]);
  });

  it('that an accepted one waits for its echo changes nothing', async () => {
    const play = createPlay(LIST);
    play.publish('a');
    await settled();
    const before = play.store.get();
    play.end('a', 'accepted', at(3));
    expect(play.store.get()).toBe(before);
  });

  it('a message costs one call of `reduce` while nothing is pending', () => {
    let calls = 0;
    const play = createPlay({ initial: 0, reduce: (count: number) => ((calls += 1), count + 1) });
    for (let offset = 1; offset <= 100; offset += 1) play.follower.deliver(message(`m${offset}`, at(offset)));
    expect([play.store.get(), calls]).toEqual([100, 100]);
    play.publish('a');
    play.publish('b');
    calls = 0;
    for (let offset = 101; offset <= 200; offset += 1) play.follower.deliver(message(`m${offset}`, at(offset)));
    expect([play.store.get(), calls]).toEqual([202, 102]);
  });
});

describe('a reducer that throws', () => {
  const picky: StoreDefinition<readonly string[]> = {
    ...LIST,
    reduce(list, told) {
      if (String(told.data).startsWith('bad')) throw new Error(`no ${String(told.data)}`);
      return LIST.reduce(list, told);
    },
  };

  it('is reported, and that message is left out', () => {
    const play = createPlay(picky);
    for (const [index, id] of ['a', 'bad', 'c'].entries()) play.follower.deliver(message(id, at(index + 1)));
    expect(play.store.get()).toEqual(['a', 'c']);
    expect(play.errors).toMatchObject([{ code: 'handler-threw', cause: new Error('no bad') }]);
  });

  it('for a pending one is reported once', () => {
    const play = createPlay(picky);
    play.publish('bad');
    play.publish('b');
    play.follower.deliver(message('a', at(1)));
    expect(play.store.get()).toEqual(['a', '(b)']);
    play.follower.deliver(message('c', at(2)));
    expect(play.store.get()).toEqual(['a', 'c', '(b)']);
    expect(play.errors).toHaveLength(1);
  });

  it('`load` too: the state stays, and the status tells', () => {
    const play = createPlay({
      ...LIST,
      load: () => {
        throw new Error('shape');
      },
    });
    play.follower.restart(at(1), { data: 1, cursor: null });
    expect(play.store.get()).toEqual([]);
    expect(play.store.status.get().error).toMatchObject({ code: 'handler-threw', cause: new Error('shape') });
    expect(play.errors).toHaveLength(1);
  });
});

it('a definition without `reduce` is refused', () => {
  expect(() => createPlay({ initial: 0 } as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }) as Error);
});
