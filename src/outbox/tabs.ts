/** What the pages of one user tell each other. Hints, all of them: what counts stands in the store. */
import type { Environment } from '../platform/environment.ts';

export type TabMessage =
  /** Rows have changed. */
  | { readonly type: 'written' }
  /** A page lets go of what it holds. */
  | { readonly type: 'left' }
  /** Withdraw what can be withdrawn. */
  | { readonly type: 'clear' };

export class Tabs {
  readonly #environment: Environment;
  readonly #onMessage: (type: TabMessage['type'] | undefined) => void;
  #channel: InstanceType<NonNullable<Environment['BroadcastChannel']>> | null = null;

  constructor(environment: Environment, onMessage: (type: TabMessage['type'] | undefined) => void) {
    this.#environment = environment;
    this.#onMessage = onMessage;
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

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
