import { beforeEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import { type MessageQueue, createMessageQueue } from '../../../src/channel/iterator.ts';
import type { Message } from '../../../src/types.ts';

const message = (data: number): Message => ({
  channel: 'room',
  event: 'e',
  data,
  id: `i${data}`,
  sentAt: null,
  by: null,
  own: false,
  cursor: null,
});
const LIMIT = 1000;
const LOST = new HoldfastError('continuity-lost', 'Lost.');

let queue: MessageQueue;
let ended: number;
beforeEach(() => {
  ended = 0;
  queue = createMessageQueue('room', () => (ended += 1));
});

const push = (from: number, to: number): void => {
  for (let data = from; data <= to; data += 1) queue.push(message(data));
};

/** Everything up to the end, and how it ended. */
async function drain(): Promise<{ readonly data: readonly number[]; readonly end: string }> {
  const data: number[] = [];
  try {
    for await (const each of queue) data.push(each.data as number);
    return { data, end: 'done' };
  } catch (error) {
    return { data, end: (error as HoldfastError).code };
  }
}

describe('reading', () => {
  it('gives what was pushed, in order, before and after it was asked for', async () => {
    push(1, 2);
    const asked = [queue.next(), queue.next(), queue.next(), queue.next()];
    push(3, 4);
    const given = await Promise.all(asked);
    expect(given.map(({ value }) => (value as Message).data as number)).toEqual([1, 2, 3, 4]);
  });

  it('is its own iterator, once', () => {
    expect(queue[Symbol.asyncIterator]()).toBe(queue);
  });

  it('break ends it: nothing is held, and it is told once', async () => {
    push(1, 3);
    for await (const { data } of queue) if (data === 2) break;
    expect(ended).toBe(1);
    push(4, 4);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    await queue.return!();
    expect(ended).toBe(1);
  });

  it('a throw inside the loop ends it as well', async () => {
    push(1, 1);
    const loop = async (): Promise<void> => {
      for await (const each of queue) throw new Error(each.id);
    };
    await expect(loop()).rejects.toThrow('i1');
    expect(ended).toBe(1);
  });
});

describe('the end', () => {
  it('what was pushed before is still read', async () => {
    push(1, 3);
    queue.end();
    push(4, 4);
    expect(ended).toBe(1);
    expect(await drain()).toEqual({ data: [1, 2, 3], end: 'done' });
  });

  it('with an error it throws it, once, after what was pushed before', async () => {
    push(1, 2);
    queue.end(LOST);
    expect(await drain()).toEqual({ data: [1, 2], end: 'continuity-lost' });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('settles every reader that waits', async () => {
    const waiting = [queue.next(), queue.next()];
    queue.end(LOST);
    await expect(waiting[0]).rejects.toBe(LOST);
    expect(await waiting[1]).toEqual({ done: true, value: undefined });
  });

  it('comes once: a second one neither replaces it nor is told', async () => {
    queue.end();
    queue.end(LOST);
    expect(ended).toBe(1);
    expect(await drain()).toEqual({ data: [], end: 'done' });
  });
});

describe('a reader that is too slow', () => {
  it(`may leave ${LIMIT} unread`, async () => {
    push(1, LIMIT);
    expect(ended).toBe(0);
    queue.end();
    expect((await drain()).data).toHaveLength(LIMIT);
  });

  it(`gets the ${LIMIT} that are held, without a hole, and then the error`, async () => {
    push(1, LIMIT + 5);
    expect(ended).toBe(1);
    const { data, end } = await drain();
    expect(end).toBe('too-slow');
    expect(data).toEqual(Array.from({ length: LIMIT }, (_, index) => index + 1));
  });

  it('one that keeps up never is', async () => {
    for (let data = 1; data <= 3 * LIMIT; data += 1) {
      queue.push(message(data));
      await queue.next();
    }
    expect(ended).toBe(0);
  });
});
