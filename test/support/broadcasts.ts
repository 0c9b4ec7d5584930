/** The broadcasts of one browser profile: WHATWG HTML, "Broadcasting to other browsing contexts". */
import type { BroadcastConstructor } from '../../src/platform/environment.ts';
import { copyOf } from './copy.ts';
import type { Holder } from './disk.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Broadcasts {
  of(holder: Holder): BroadcastConstructor;
  /** Channels that are open in pages that live. */
  readonly open: number;
  openOf(holder: Holder): number;
  /** Messages of all pages so far. */
  readonly posted: number;
}

export function createBroadcasts(clock: Pick<VirtualClock, 'setTimeout'>): Broadcasts {
  const channels = new Set<Channel>();
  let posted = 0;

  class Channel {
    onmessage: ((event: { readonly data: unknown }) => void) | null = null;
    readonly name: string;
    readonly holder: Holder;

    constructor(name: string, holder: Holder) {
      this.name = name;
      this.holder = holder;
      channels.add(this);
    }

    postMessage(message: unknown): void {
      if (!channels.has(this)) throw new DOMException('The channel is closed.', 'InvalidStateError');
      posted += 1;
      const data: unknown = copyOf(message);
      for (const other of channels) {
        if (other === this || other.name !== this.name) continue;
        clock.setTimeout(() => other.holder.arrive(() => other.#deliver(copyOf(data))), 0);
      }
    }

    close(): void {
      channels.delete(this);
    }

    #deliver(data: unknown): void {
      if (channels.has(this)) this.onmessage?.({ data });
    }
  }

  const living = (): readonly Channel[] => [...channels].filter(({ holder }) => holder.diedAt === null);
  return {
    of: (holder) =>
      class extends Channel {
        constructor(name: string) {
          super(name, holder);
        }
      },
    get open() {
      return living().length;
    },
    get posted() {
      return posted;
    },
    openOf: (holder) => living().filter((channel) => channel.holder === holder).length,
  };
}
