import type { Abortable, Stop } from '../types.ts';

/** An idempotent function that is also disposable. */
export function createStop(run: () => void): Stop {
  let done = false;
  const stop = (): void => {
    if (done) return;
    done = true;
    run();
  };
  // Safari has no Symbol.dispose yet; compilers that lower `using` look for this symbol instead.
  const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  return Object.assign(stop, { [dispose]: stop });
}

/** `start` unless the signal is aborted already; its stop is called when the signal aborts. */
export function stopOnAbort({ signal }: Abortable, start: () => () => void): Stop {
  if (signal?.aborted) return createStop(() => {});
  const end = start();
  const stop = createStop(() => {
    signal?.removeEventListener('abort', stop);
    end();
  });
  signal?.addEventListener('abort', stop, { once: true });
  return stop;
}
