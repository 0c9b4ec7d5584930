/** What the lists of prices have in common: what they count, and where they begin. */
import { type Client, type SubscribeOptions, createClient } from 'holdfast';
import type { Price } from '../price-feed.ts';

export interface Shown {
  /** Of the listener. */
  calls: number;
  /** In which it was called. */
  turns: number;
  frames: number;
}

export const OPTIONS: SubscribeOptions<Price> = { conflate: ({ symbol }) => symbol, frame: true };

let isTurn = false;

/** The listener was called. */
export function note(): void {
  shown.calls += 1;
  if (isTurn) return;
  shown.turns += 1;
  isTurn = true;
  queueMicrotask(() => (isTurn = false));
}

/** Rows have the symbols for ids, and show their prices. */
export function offer(show: (client: Client, symbols: readonly string[]) => void): void {
  globalThis.shown = { calls: 0, turns: 0, frames: 0 };
  const count = (): void => {
    shown.frames += 1;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  globalThis.showPrices = (url, symbols) => {
    const client = createClient(url);
    const { status } = client.channel('prices');
    show(client, symbols);
    return new Promise((resolve) => {
      status.subscribe(() => {
        if (status.get().state === 'live') resolve();
      });
    });
  };
}

declare global {
  var shown: Shown;
  var showPrices: (url: string, symbols: readonly string[]) => Promise<void>;
}
