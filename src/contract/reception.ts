/** What one client receives, as its handlers get it. */
import { HoldfastError } from '../errors.ts';
import type { PendingPublication, Pendings } from '../outbox/pendings.ts';
import type { Message } from '../types/message.ts';
import { Recent } from '../util/recent.ts';
import type { Checked } from './validate.ts';

export interface Reception {
  /** Null: it is reported, and reaches nobody. */
  message(message: Message): Message | null;
  /** @throws HoldfastError what is wrong with it */
  snapshot(channel: string, data: unknown): unknown;
  /** What has not come back yet, as it will. */
  pendings(given: Pendings): Pendings;
}

interface Validators {
  /** A text: the pattern, which does not name the event. */
  message(channel: string, event: string, data: unknown, id: string): Checked | string;
  snapshot(channel: string, data: unknown): Checked;
}

/** Events that a pattern does not name, and that were told of. */
const REMEMBERED = 256;

export function createReception(validators: Validators, report: (error: unknown) => void): Reception {
  const told = new Recent(REMEMBERED);

  const output = (channel: string, event: string, data: unknown, id: string): Extract<Checked, { ok: true }> | null => {
    const checked = validators.message(channel, event, data, id);
    if (typeof checked === 'object') {
      if (checked.ok) return checked;
      report(checked.error);
      return null;
    }
    // Once: a newer publisher may send them all day, and this page could do nothing with them.
    const key = `${checked} ${event}`;
    if (told.has(key)) return null;
    told.add(key);
    const message = `The contract names no event '${event}' for '${checked}': messages of that event are left out.`;
    report(new HoldfastError('invalid', message, { details: { channel, event, id } }));
    return null;
  };

  return {
    message(message) {
      const { channel, event, data, id } = message;
      const checked = output(channel, event, data, id);
      return checked && { ...message, data: checked.value };
    },
    snapshot(channel, data) {
      const checked = validators.snapshot(channel, data);
      if (!checked.ok) throw checked.error;
      return checked.value;
    },
    pendings: (given) => {
      /** Stores come and go: each gets the same object. */
      const known = new WeakMap<PendingPublication, readonly PendingPublication[]>();
      const shown = (channel: string, publication: PendingPublication): readonly PendingPublication[] => {
        let made = known.get(publication);
        if (made !== undefined) return made;
        const { id, event, data } = publication;
        const checked = output(channel, event, data, id);
        made = checked === null ? [] : [{ id, event, data: checked.value }];
        known.set(publication, made);
        return made;
      };
      return {
        pendingIn: (channel) => given.pendingIn(channel).flatMap((publication) => shown(channel, publication)),
        watchPending: (channel, listener) =>
          given.watchPending(channel, (change) => {
            if (change.type === 'ended') return listener(change);
            for (const publication of shown(channel, change.publication)) listener({ type: 'added', publication });
          }),
      };
    },
  };
}
