/** Asks one method, one question at a time. */
import type { Client, HoldfastError, RequestOptions } from 'holdfast';
import { onAbort } from '../../src/util/stop.ts';
import { type Source, createCell } from './source.ts';

export interface Asking<R = unknown> {
  readonly state: 'idle' | 'pending' | 'done' | 'failed';
  /** The last answer, also while the next one is on its way; null before the first. */
  readonly data: R | null;
  /** Of the last question, null unless it failed. */
  readonly error: HoldfastError | null;
}

export interface Requester<R = unknown> extends Asking<R> {
  run(params?: unknown, options?: RequestOptions): Promise<R>;
  reset(): void;
}

/** A new question gives up the one before, and so does the end of the component. */
export function createRequester<R>(client: Client, method: string): Source<Requester<R>> {
  let under: AbortController | null = null;
  const giveUp = (): void => {
    const given = under;
    under = null;
    given?.abort();
  };
  const tell = (news: Partial<Asking<R>>): void => cell.set({ ...cell.get(), error: null, ...news });
  const cell = createCell<Requester<R>>({
    state: 'idle',
    data: null,
    error: null,
    reset() {
      giveUp();
      cell.set(cell.initial);
    },
    run(params, { signal, ...options } = {}) {
      const mine = new AbortController();
      const abort = (): void => mine.abort(signal?.reason);
      if (signal?.aborted) abort();
      // What is asked wrongly throws, and gives up nothing.
      const answer = client.request(method, params, { ...options, signal: mine.signal }) as Promise<R>;
      giveUp();
      under = mine;
      const unabort = onAbort(signal, abort);
      const end = (news: Partial<Asking<R>>): void => {
        unabort();
        if (under !== mine) return;
        under = null;
        tell(news);
      };
      tell({ state: 'pending' });
      answer.then(
        (data) => end({ state: 'done', data }),
        (error: unknown) => end({ state: 'failed', error: error as HoldfastError }),
      );
      return answer;
    },
  });
  return {
    ...cell,
    subscribe(listener) {
      const stop = cell.subscribe(listener);
      return () => {
        stop();
        if (under !== null) cell.initial.reset();
      };
    },
  };
}
