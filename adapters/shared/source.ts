import type { Client, Readable } from 'holdfast';
import { createDerived } from '../../src/util/readable.ts';
import { soon } from '../../src/util/soon.ts';
import { createStop } from '../../src/util/stop.ts';
import { type Linger, createLinger } from './linger.ts';

/** A Readable that works only while somebody listens: made in a render, it holds nothing until it is mounted. */
export interface Source<T> extends Readable<T> {
  /** Before the first start, on the server, and while what the server rendered is taken over. */
  readonly initial: T;
}

/** Tells the next value, which is made when it is first read: a burst of messages costs one copy. */
export type Give<T> = (make: () => T) => void;

export interface SourceOptions<T> {
  readonly initial: T;
  /** Begins the work. @returns ends it */
  start(give: Give<T>): () => void;
}

/**
 * Starts with the first listener. After the last one it begins anew: what came in between is not known.
 * @param lingering when the end comes after the last listener @default at once
 */
export function createSource<T>({ initial, start }: SourceOptions<T>, lingering?: (end: () => void) => Linger): Source<T> {
  let value = initial;
  let make: (() => T) | null = null;
  let listeners = 0;
  let stop: (() => void) | null = null;
  const get = (): T => {
    const fresh = make;
    make = null;
    if (fresh !== null) value = fresh();
    return value;
  };
  const { subscribe, changed } = createDerived(get, throwLater);
  const give: Give<T> = (next) => {
    make = next;
    changed();
  };
  const end = (): void => {
    stop?.();
    stop = null;
    give(() => initial);
  };
  const linger = lingering?.(end);

  return {
    initial,
    get,
    subscribe(listener) {
      linger?.cancel();
      stop ??= start(give);
      listeners += 1;
      const unlisten = subscribe(listener);
      return createStop(() => {
        unlisten();
        listeners -= 1;
        if (listeners === 0) (linger?.begin ?? end)();
      });
    },
  };
}

/** What a component's own calls change. */
export interface Cell<T> extends Source<T> {
  set(next: T): void;
}

/** @param onEnd when nobody listens any more */
export function createCell<T>(initial: T, onEnd: () => void = () => {}): Cell<T> {
  let value = initial;
  let listeners = 0;
  const get = (): T => value;
  const { subscribe, changed } = createDerived(get, throwLater);
  return {
    initial,
    get,
    set(next) {
      value = next;
      changed();
    },
    subscribe(listener) {
      const unlisten = subscribe(listener);
      listeners += 1;
      return createStop(() => {
        unlisten();
        listeners -= 1;
        if (listeners === 0) onEnd();
      });
    },
  };
}

/** Of what is switched off. */
export function createIdle<T>(initial: T): Source<T> {
  return createCell(initial);
}

/** Those that run, by what they were made from. */
export type Running<T> = Map<string, Source<T>>;

/**
 * One for all components that want the same (`key`), whichever of them began it; kept a little longer than the last one.
 * Nothing is kept of one that was never started, as on a server.
 */
export function shareSource<T>(client: Client, running: Running<T>, key: string, options: SourceOptions<T>): Source<T> {
  const own = createSource(options, (end) =>
    createLinger(client, () => {
      running.delete(key);
      end();
    }),
  );
  const present = (): Source<T> => running.get(key) ?? own;
  return {
    initial: options.initial,
    get: () => present().get(),
    subscribe(listener) {
      const source = present();
      const stop = source.subscribe(listener);
      running.set(key, source);
      return stop;
    },
  };
}

/** The listener is a framework's: what it throws is told to nobody else. */
function throwLater(error: unknown): void {
  soon(() => {
    throw error;
  });
}
