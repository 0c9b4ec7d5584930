import { beforeEach, describe, expect, it } from 'vitest';
import { createReadable } from '../../../src/util/readable.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let reported: unknown[];
const report = (error: unknown): void => void reported.push(error);
beforeEach(() => {
  reported = [];
});

describe('get', () => {
  it('has the new value at once', () => {
    const readable = createReadable(1, report);
    readable.set(2);
    expect(readable.get()).toBe(2);
  });

  it('gives the same object until it changes', () => {
    const first = { state: 'waiting', attempt: 1 };
    const readable = createReadable(first, report);
    readable.set({ ...first });
    expect(readable.get()).toBe(first);
    const second = { state: 'waiting', attempt: 2 };
    readable.set(second);
    expect(readable.get()).toBe(second);
  });

  it.each<[string, unknown, unknown]>([
    ['another value', { a: 1 }, { a: 2 }],
    ['one key more', { a: 1 }, { a: 1, b: 2 }],
    ['one key less', { a: 1, b: 2 }, { a: 1 }],
    ['another key in place of an undefined one', { a: undefined }, { b: undefined }],
    ['an equal object within', { a: { b: 1 } }, { a: { b: 1 } }],
    ['null for an object', {}, null],
    ['an object for null', null, {}],
    ['text for a number', 1, '1'],
  ])('sees a change: %s', (_, from, to) => {
    const readable = createReadable(from, report);
    readable.set(to);
    expect(readable.get()).toBe(to);
  });
});

describe('subscribe', () => {
  it('tells in a microtask, once for a burst', async () => {
    const readable = createReadable(0, report);
    const seen: number[] = [];
    readable.subscribe(() => seen.push(readable.get()));
    readable.set(1);
    readable.set(2);
    readable.set(3);
    expect(seen).toEqual([]);
    await Promise.resolve();
    expect(seen).toEqual([3]);
    await settled();
    expect(seen).toEqual([3]);
  });

  it('tells nobody of a burst that ends where it began', async () => {
    const first = { a: 1 };
    const readable = createReadable(first, report);
    let told = 0;
    readable.subscribe(() => (told += 1));
    readable.set({ a: 2 });
    readable.set(first);
    await settled();
    expect(told).toBe(0);
  });

  it('does not tell of what was before', async () => {
    const readable = createReadable(0, report);
    readable.set(1);
    await settled();
    let told = 0;
    readable.subscribe(() => (told += 1));
    await settled();
    expect(told).toBe(0);
  });

  it('tells of changes that a listener makes, in another round', async () => {
    const readable = createReadable(0, report);
    const seen: string[] = [];
    readable.subscribe(() => {
      seen.push(`a${readable.get()}`);
      if (readable.get() < 3) readable.set(readable.get() + 1);
    });
    readable.subscribe(() => seen.push(`b${readable.get()}`));
    readable.set(1);
    await settled();
    expect(seen).toEqual(['a1', 'b2', 'a2', 'b3', 'a3', 'b3']);
  });
});

describe('listeners', () => {
  it('one that throws is reported and starves no other', async () => {
    const readable = createReadable(0, report);
    const error = new Error('mine');
    const seen: number[] = [];
    readable.subscribe(() => {
      throw error;
    });
    readable.subscribe(() => seen.push(readable.get()));
    readable.set(1);
    await settled();
    readable.set(2);
    await settled();
    expect(seen).toEqual([1, 2]);
    expect(reported).toEqual([error, error]);
  });

  it('one that stops another, or itself, is obeyed at once', async () => {
    const readable = createReadable(0, report);
    const seen: string[] = [];
    const stopFirst = readable.subscribe(() => {
      seen.push('first');
      stopFirst();
      stopThird();
    });
    readable.subscribe(() => seen.push('second'));
    const stopThird = readable.subscribe(() => seen.push('third'));
    readable.set(1);
    await settled();
    readable.set(2);
    await settled();
    expect(seen).toEqual(['first', 'second', 'second']);
  });

  it('one that is added while they are told hears of the next change', async () => {
    const readable = createReadable(0, report);
    const late: number[] = [];
    const stop = readable.subscribe(() => {
      stop();
      readable.subscribe(() => late.push(readable.get()));
    });
    readable.set(1);
    await settled();
    expect(late).toEqual([]);
    readable.set(2);
    await settled();
    expect(late).toEqual([2]);
  });

  it('the same function twice is two listeners, each with its own stop', async () => {
    const readable = createReadable(0, report);
    let told = 0;
    const listener = (): void => void (told += 1);
    const stop = readable.subscribe(listener);
    readable.subscribe(listener);
    stop();
    stop();
    readable.set(1);
    await settled();
    expect(told).toBe(1);
  });
});
