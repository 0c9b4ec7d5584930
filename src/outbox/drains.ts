import { HoldfastError } from '../errors.ts';
import type { Abortable } from '../types.ts';
import { createDeferred } from '../util/deferred.ts';
import { onAbort } from '../util/stop.ts';

/** Callers of `drain()`. */
export class Drains {
  readonly #waiting = new Set<(error: HoldfastError | null) => void>();

  wait({ signal }: Abortable): Promise<void> {
    const { promise, resolve, reject } = createDeferred<void>();
    const abort = (): void => settle(new HoldfastError('aborted', 'drain() was aborted.', { cause: signal?.reason }));
    const settle = (error: HoldfastError | null): void => {
      unabort();
      this.#waiting.delete(settle);
      if (error === null) resolve();
      else reject(error);
    };
    this.#waiting.add(settle);
    const unabort = onAbort(signal, abort);
    if (signal?.aborted) abort();
    return promise;
  }

  settle(error: HoldfastError | null): void {
    for (const settle of this.#waiting) settle(error);
  }
}
