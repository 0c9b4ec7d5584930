/** What the pages of one user tell each other. Hints, all of them: what counts stands in the store. */
import type { Environment } from '../platform/environment.ts';
import { createAlarm } from '../util/timer.ts';

export type TabMessage =
  /** Rows have changed. */
  | { readonly type: 'written' }
  /** A page lets go of what it holds, and may have written. */
  | { readonly type: 'left' }
  /** Withdraw what can be withdrawn. */
  | { readonly type: 'clear' };

/** How long after a write the others are told, ms: in Chromium each message delays the next write by half its time. */
const TOLD = 100;

export class Tabs {
  readonly #environment: Environment;
  readonly #onMessage: (type: TabMessage['type'] | undefined) => void;
  readonly #news;
  #channel: InstanceType<NonNullable<Environment['BroadcastChannel']>> | null = null;

  constructor(environment: Environment, onMessage: (type: TabMessage['type'] | undefined) => void) {
    this.#environment = environment;
    this.#onMessage = onMessage;
    this.#news = createAlarm(environment, () => this.tell({ type: 'written' }));
  }

  open(scope: string): void {
    const { BroadcastChannel } = this.#environment;
    if (this.#channel !== null || BroadcastChannel === undefined) return;
    try {
      this.#channel = new BroadcastChannel(scope);
    } catch {
      // Firefox refuses it where it refuses storage. They are hints.
      return;
    }
    // Whatever it is: every script of the origin can post there, and so can later releases.
    this.#channel.onmessage = ({ data }) => this.#onMessage((data as Partial<TabMessage> | null)?.type);
  }

  /** The others are told, of many at once. */
  written(): void {
    if (this.#channel !== null) this.#news.note(this.#environment.now() + TOLD);
  }

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  /** It is about to tell that it left. */
  hush(): void {
    this.#news.clear();
  }

  close(): void {
    this.hush();
    this.#channel?.close();
    this.#channel = null;
  }
}
