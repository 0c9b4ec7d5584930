import type { Abortable, Stop } from '../types.ts';

/** `target`, which `using` ends by calling `dispose`. */
export function disposable<T extends object>(target: T, dispose: () => void): T & Disposable {
  // Safari has no Symbol.dispose yet; compilers that lower `using` look for this symbol instead.
  const symbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  return Object.defineProperty(target, symbol, { value: dispose }) as T & Disposable;
}

/** An idempotent function that is also disposable. */
export function createStop(run: () => void): Stop {
  let done = false;
  const stop = (): void => {
    if (done) return;
    done = true;
    run();
  };
  return disposable(stop, stop);
}

/** Runs it when the signal aborts. @returns takes it back */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  signal?.addEventListener('abort', run, { once: true });
  return () => signal?.removeEventListener('abort', run);
}

/** `start` unless the signal is aborted already; its stop is called when the signal aborts. */
export function stopOnAbort({ signal }: Abortable, start: () => () => void): Stop {
  if (signal?.aborted) return createStop(() => {});
  const end = start();
  const stop = createStop(() => {
    unabort();
    end();
  });
  const unabort = onAbort(signal, stop);
  return stop;
}
