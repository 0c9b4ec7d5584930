/** What the pages of one user tell each other. Hints, all of them: what counts stands in the store. */
import type { Environment } from '../platform/environment.ts';

export type TabMessage =
  /** Rows have changed. */
  | { readonly type: 'written' }
  /** A page lets go of what it holds. */
  | { readonly type: 'left' }
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'clear' };

export class Tabs {
  readonly #environment: Environment;
  readonly #onMessage: (message: TabMessage) => void;
  #channel: InstanceType<NonNullable<Environment['BroadcastChannel']>> | null = null;

  constructor(environment: Environment, onMessage: (message: TabMessage) => void) {
    this.#environment = environment;
    this.#onMessage = onMessage;
  }

  open(scope: string): void {
    const { BroadcastChannel } = this.#environment;
    if (this.#channel !== null || BroadcastChannel === undefined) return;
    this.#channel = new BroadcastChannel(scope);
    this.#channel.onmessage = ({ data }) => this.#onMessage(data as TabMessage);
  }

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
