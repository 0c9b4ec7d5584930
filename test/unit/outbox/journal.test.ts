// Holds I3 (docs/guarantees.md).
/** A store that loses its rows while the journal waits for it to open. */
import { describe, expect, it } from 'vitest';
import { Journal } from '../../../src/outbox/journal.ts';
import type { OpenStore } from '../../../src/outbox/store.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import type { Environment } from '../../../src/platform/environment.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('a write that began before the store had lost its rows', () => {
  it('ends before the next one begins, and tells how', async () => {
    const opening = createDeferred<OpenStore>();
    const writes: (() => void)[] = [];
    let onLost = (): void => {};
    const environment = { now: () => 0, setTimeout: () => 1, clearTimeout: () => {} } as unknown as Environment;
    const journal = new Journal({
      environment,
      store: { name: 'slow', durable: true, open: (context) => ((onLost = context.onLost ?? onLost), opening.promise) },
      user: 'ada',
      url: () => 'https://test.example/realtime',
      report: () => {},
      online: () => false,
      isContested: () => false,
      shares: () => false,
      onWritten: () => {},
      onProblem: () => {},
      onRecover: () => journal.put([['page', 'p'], 2]),
    });
    const ended: string[] = [];
    journal.put([['page', 'p'], 1]);
    void journal.flush().then((written) => ended.push(`first ${written}`));
    await turn();
    onLost();
    await turn();
    const write = (): Promise<void> => new Promise((resolve) => void writes.push(resolve));
    opening.resolve({ scope: 's', write, read: () => Promise.resolve([]), close: () => Promise.resolve() });
    await turn();
    journal.put([['page', 'p'], 3]);
    void journal.flush().then((written) => ended.push(`second ${written}`));
    await turn();
    expect(writes).toHaveLength(1);
    for (let at = 0; at < 2; at += 1) {
      writes[at]?.();
      await turn();
    }
    expect(ended).toEqual(['first true', 'second true']);
  });
});
