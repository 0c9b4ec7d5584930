/** Asks one method, one question at a time. */
import type { Client, HoldfastError, RequestOptions } from 'holdfast';
import { type Source, createCell } from './source.ts';

export interface Asking<R = unknown> {
  readonly state: 'idle' | 'pending' | 'done' | 'failed';
  /** The last answer, also while the next one is on its way; null before the first. */
  readonly data: R | null;
  /** Of the last question, null unless it failed. */
  readonly error: HoldfastError | null;
}

export interface Requester<R = unknown> {
  readonly asking: Source<Asking<R>>;
  run(params?: unknown, options?: RequestOptions): Promise<R>;
  reset(): void;
}

const NOT_ASKED: Asking<never> = { state: 'idle', data: null, error: null };

/** A new question gives up the one before, and so does the end of the component. */
export function createRequester<R>(client: Client, method: string): Requester<R> {
  let under: AbortController | null = null;
  const reset = (): void => {
    giveUp();
    asking.set(NOT_ASKED);
  };
  const giveUp = (): void => {
    const given = under;
    under = null;
    given?.abort();
  };
  const asking = createCell<Asking<R>>(NOT_ASKED, () => {
    if (under !== null) reset();
  });
  return {
    asking,
    reset,
    run(params, { signal, ...options } = {}) {
      const mine = new AbortController();
      const abort = (): void => mine.abort(signal?.reason);
      if (signal?.aborted) abort();
      // What is asked wrongly throws, and gives up nothing.
      const answer = client.request(method, params, { ...options, signal: mine.signal }) as Promise<R>;
      giveUp();
      under = mine;
      signal?.addEventListener('abort', abort, { once: true });
      const end = (next: Asking<R>): void => {
        signal?.removeEventListener('abort', abort);
        if (under !== mine) return;
        under = null;
        asking.set(next);
      };
      asking.set({ ...asking.get(), state: 'pending', error: null });
      answer.then(
        (data) => end({ state: 'done', data, error: null }),
        (error: unknown) => end({ ...asking.get(), state: 'failed', error: error as HoldfastError }),
      );
      return answer;
    },
  };
}
