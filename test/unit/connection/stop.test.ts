import { describe, expect, it } from 'vitest';
import { createStop, stopOnAbort } from '../../../src/util/stop.ts';

/** A signal that tells how many listen to it. */
function watched(): { readonly controller: AbortController; readonly listening: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    count += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    count -= 1;
    removeEventListener.apply(signal, args);
  };
  return { controller, listening: () => count };
}

describe('createStop', () => {
  it('runs once, however often it is called', () => {
    let runs = 0;
    const stop = createStop(() => (runs += 1));
    stop();
    stop();
    stop[Symbol.dispose]();
    expect(runs).toBe(1);
  });

  it('shows its symbol to nobody who copies or compares it', () => {
    expect(Object.getOwnPropertySymbols({ ...createStop(() => {}) })).toEqual([]);
  });

  it('runs once even if it calls itself', () => {
    let runs = 0;
    const stop = createStop(() => {
      runs += 1;
      stop();
    });
    stop();
    expect(runs).toBe(1);
  });

  it('is disposed of at the end of `using`', () => {
    let runs = 0;
    {
      using _stop = createStop(() => (runs += 1));
      expect(runs).toBe(0);
    }
    expect(runs).toBe(1);
  });
});

describe('stopOnAbort', () => {
  it('without a signal stops when told', () => {
    const said: string[] = [];
    const stop = stopOnAbort({}, () => {
      said.push('start');
      return () => said.push('end');
    });
    expect(said).toEqual(['start']);
    stop();
    stop();
    expect(said).toEqual(['start', 'end']);
  });

  it('does not even start with an aborted signal', () => {
    let started = false;
    const stop = stopOnAbort({ signal: AbortSignal.abort() }, () => {
      started = true;
      return () => {};
    });
    stop();
    expect(started).toBe(false);
  });

  it('stops when the signal aborts, once', () => {
    const { controller } = watched();
    let ends = 0;
    const stop = stopOnAbort({ signal: controller.signal }, () => () => void (ends += 1));
    controller.abort();
    stop();
    expect(ends).toBe(1);
  });

  it.each([
    ['stopped', (stop: () => void) => stop()],
    ['aborted', (_: () => void, controller: AbortController) => controller.abort()],
  ])('leaves no listener on the signal once %s', (_, end) => {
    const { controller, listening } = watched();
    const stop = stopOnAbort({ signal: controller.signal }, () => () => {});
    expect(listening()).toBe(1);
    end(stop, controller);
    expect(listening()).toBe(0);
  });
});
