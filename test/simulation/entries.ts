/** What an app offers its user to do with whatever waits or failed in the outbox, of every tab. */
import type { OutboxEntry } from '../../src/types.ts';
import type { Actor } from './actor.ts';
import type { Stage } from './stage.ts';
import type { Said } from './oracle.ts';

type EntryAction = 'cancel-entry' | 'retry-entry' | 'discard-entry';

export function actOnEntry(actor: Actor, type: EntryAction, { random, oracle, chronicle }: Stage): void {
  const { outbox } = actor.client;
  const fitting = outbox.entries.get().filter(({ state }) => (state === 'failed') !== (type === 'cancel-entry'));
  if (fitting.length === 0) return;
  const entry: OutboxEntry = fitting[Math.floor(random() * fitting.length)]!;
  const whose = entry.own ? 'own' : 'another’s';
  chronicle.count(`${type}, ${whose}`);
  chronicle.record(`page ${actor.number} ${type} ${entry.id}, ${whose}`);
  switch (type) {
    case 'cancel-entry':
      return void outbox.cancel(entry.id).catch(() => {});
    case 'discard-entry':
      return void outbox.discard(entry.id).catch(() => {});
    case 'retry-entry':
      if (entry.data === undefined) {
        return oracle.fail('I1', `page ${actor.number} may publish ${entry.id} again, and its payload is gone`);
      }
      oracle.again(entry.data as Said);
      return actor.offered(outbox.retry(entry.id), entry.channel);
  }
}
