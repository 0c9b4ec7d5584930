import type { Broker, Follower } from '../../../server/brokers/broker.ts';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import { createRandom } from '../../support/random.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';

export interface Adversary {
  /** Longest wait for a feed to be joined, before a read, after a read, and for a notice, ms. */
  readonly follow: number;
  readonly read: number;
  readonly answer: number;
  readonly notice: number;
  /** Share of notices that are lost; the followers are told to doubt, later. */
  readonly lose: number;
  /** Whether notices may overtake one another. */
  readonly reorder: boolean;
}

/** A store far away: everything takes its time, and much happens in between. It tells no lies. */
export function adversarialBroker(clock: VirtualClock, seed: number, faults: Adversary): Broker {
  const random = createRandom(seed);
  const { now, setTimeout, clearTimeout } = clock;
  const inner = memoryBroker({ environment: { now, setTimeout, clearTimeout, random } });
  const wait = (most: number): Promise<void> =>
    new Promise((resolve) => void setTimeout(resolve, Math.floor(random() * (most + 1))));

  const delayed = (follower: Follower): Follower => {
    let last = 0;
    const later = (run: () => void): void => {
      const at = now() + Math.floor(random() * (faults.notice + 1));
      last = faults.reorder ? at : Math.max(last, at);
      setTimeout(run, last - now());
    };
    return {
      onNotice(notice) {
        if (random() < faults.lose) setTimeout(() => follower.onDoubt(), 500);
        else later(() => follower.onNotice(notice));
      },
      onVolatile: (message, origin) => later(() => follower.onVolatile(message, origin)),
      onPresence(change) {
        if (random() < faults.lose) setTimeout(() => follower.onDoubt(), 500);
        else later(() => follower.onPresence?.(change));
      },
      onDoubt: () => follower.onDoubt(),
    };
  };

  return {
    name: 'adversary',
    memory: () => inner.memory(),
    append: (request) => inner.append(request),
    publish: (...args) => inner.publish(...args),
    async read(...args) {
      await wait(faults.read);
      const read = await inner.read(...args);
      await wait(faults.answer);
      return read;
    },
    history: (...args) => inner.history(...args),
    async follow(channel, follower) {
      await wait(faults.follow);
      const leave = await inner.follow(channel, delayed(follower));
      await wait(faults.follow);
      return leave;
    },
    tell: (...args) => inner.tell(...args),
    claim: (...args) => inner.claim(...args),
    complete: (...args) => inner.complete(...args),
    release: (...args) => inner.release(...args),
    presence: inner.presence,
    onRecheck: (listener) => inner.onRecheck(listener),
    close: () => inner.close(),
  };
}
