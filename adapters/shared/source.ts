import type { Client, Readable } from 'holdfast';
import { createDerived, createReadable } from '../../src/util/readable.ts';
import { soon } from '../../src/util/soon.ts';
import { type Linger, createLinger } from './linger.ts';

/** A Readable that works only while somebody listens: made in a render, it holds nothing until it is mounted. */
export interface Source<T> {
  /** Before the first start, on the server, and while what the server rendered is taken over. */
  readonly initial: T;
  get(): T;
  /** @returns ends it, and is called once */
  subscribe(listener: () => void): () => void;
}

/** Tells the next value, which is made of the one before when it is first read: a burst of messages costs one copy. */
export type Give<T> = (make: (before: T) => T) => void;

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
  let make: ((before: T) => T) | null = null;
  let listeners = 0;
  let work: (() => void) | null = null;
  const get = (): T => {
    const fresh = make;
    make = null;
    if (fresh !== null) value = fresh(value);
    return value;
  };
  const { subscribe, changed } = createDerived(get, throwLater);
  const give: Give<T> = (next) => {
    make = next;
    changed();
  };
  const end = (): void => {
    work?.();
    work = null;
    give(() => initial);
  };
  const linger = lingering?.(end) ?? { begin: end, cancel() {} };

  return {
    initial,
    get,
    subscribe(listener) {
      linger.cancel();
      work ??= start(give);
      listeners += 1;
      const stop = subscribe(listener);
      return () => {
        stop();
        listeners -= 1;
        if (listeners === 0) linger.begin();
      };
    },
  };
}

/** What a component's own calls change. */
export interface Cell<T> extends Source<T> {
  set(next: T): void;
}

export function createCell<T>(initial: T): Cell<T> {
  return { initial, ...createReadable(initial, throwLater) };
}

/** Of what is switched off. */
export const createIdle: <T>(initial: T) => Source<T> = createCell;

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

/** Looks at once, and at each change of one of them. */
export function follow(readables: readonly Pick<Readable<unknown>, 'subscribe'>[], look: () => void): () => void {
  const stops = readables.map((readable) => readable.subscribe(look));
  look();
  return () => stops.forEach((stop) => stop());
}

/** The listener is a framework's: what it throws is told to nobody else. */
function throwLater(error: unknown): void {
  soon(() => {
    throw error;
  });
}
