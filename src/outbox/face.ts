import { HoldfastError } from '../errors.ts';
import type { Outbox, Outcome, PublishOptions, Receipt } from '../types.ts';
import type { Drains } from './drains.ts';
import type { Keeper } from './keeper.ts';
import type { Lanes } from './lanes.ts';
import type { Letter } from './letters.ts';
import type { Owner } from './shelf.ts';

interface FaceOptions {
  readonly keeper: Keeper;
  readonly lanes: Lanes<Owner>;
  readonly drains: Drains;
  publish(channel: string, event: string, data: unknown, options: PublishOptions): Receipt;
  lookWhetherDrained(): void;
  clear(): void;
  over(): HoldfastError | null;
}

/** `client.outbox`. */
export function createFace({ keeper, lanes, drains, publish, lookWhetherDrained, clear, over }: FaceOptions): Outbox {
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
      for (const { record } of lanes.waiting()) {
        if (record.id === id && record.owner.ticket !== null) return record.owner.ticket.cancel();
      }
      return Promise.reject(over() ?? notFound(id));
    },
    retry(id) {
      const error = over();
      if (error !== null) throw error;
      const letter = failed(id);
      const receipt = publish(letter.channel, letter.event, letter.data, {});
      forget(letter);
      return receipt;
    },
    async discard(id) {
      forget(failed(id));
      if (!(await journal.flush()) && journal.usable) {
        throw new HoldfastError('storage-failed', `The failed publication '${id}' may come back after a reload.`);
      }
    },
    async clear() {
      keeper.wake();
      // What stands in the store alone is to be withdrawn too.
      await keeper.looked();
      clear();
      entries.changed();
      tabs.tell({ type: 'clear' });
      await journal.flush(true);
    },
  };
}

function notFound(id: string): HoldfastError {
  return new HoldfastError('not-found', `The outbox has no such entry ('${id}').`);
}
