import { HoldfastError } from '../errors.ts';
import type { Outbox, Outcome, PublishOptions } from '../types.ts';
import type { Drains } from './drains.ts';
import type { Keeper } from './keeper.ts';
import type { Letter } from './letters.ts';
import type { Ticket } from './receipt.ts';

interface FaceOptions {
  readonly keeper: Keeper;
  readonly drains: Drains;
  publish(channel: string, event: string, data: unknown, options: PublishOptions): Ticket;
  lookWhetherDrained(): void;
  clear(): void;
  over(): HoldfastError | null;
}

/** `client.outbox`. */
export function createFace({ keeper, drains, publish, lookWhetherDrained, clear, over }: FaceOptions): Outbox {
  const { shelf, entries, letters, journal, tabs } = keeper;
  const failed = (id: string): Letter => {
    const letter = letters.get(id);
    if (letter === undefined) throw notFound(id);
    return letter;
  };
  const forget = (letter: Letter): void => {
    letters.remove(letter);
    shelf.changed();
    entries.changed();
  };
  const assertAlive = (): void => {
    const error = over();
    if (error !== null) throw error;
  };
  const written = async (otherwise: string, strict = false): Promise<void> => {
    if (await journal.flush(strict)) return;
    const { problem } = journal;
    // Where nothing can be stored nothing is left.
    if (problem === 'memory-store' || problem === 'unsupported' || problem === 'denied') return;
    throw new HoldfastError('storage-failed', otherwise, { details: { problem } });
  };
  return {
    status: shelf.status,
    entries: entries.readable,
    drain(options = {}) {
      const drained = drains.wait(options);
      const error = over();
      if (error !== null) drains.settle(error);
      keeper.wake();
      lookWhetherDrained();
      return drained;
    },
    cancel(id): Promise<Outcome> {
      for (const record of shelf.pending) if (record.id === id) return record.owner.ticket!.cancel();
      return Promise.reject(over() ?? notFound(id));
    },
    retry(id) {
      assertAlive();
      const letter = failed(id);
      const ticket = publish(letter.channel, letter.event, letter.data, {});
      // Or what has no room now would be gone.
      if (ticket.outcome?.result !== 'rejected') forget(letter);
      return ticket;
    },
    async discard(id) {
      assertAlive();
      forget(failed(id));
      await written(`The failed publication '${id}' may come back after a reload.`);
    },
    async clear() {
      assertAlive();
      keeper.wake();
      // What stands in the store alone is to be withdrawn too.
      await keeper.looked();
      assertAlive();
      clear();
      entries.changed();
      tabs.tell({ type: 'clear' });
      await written('What was stored may still be there.', true);
    },
  };
}

export function notFound(id: string): HoldfastError {
  return new HoldfastError('not-found', `The outbox has no such entry ('${id}').`);
}
