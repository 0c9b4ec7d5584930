/** What every other type is made of. */

/** `get()` returns the same object until it changes; `subscribe` tells that it changed. */
export interface Readable<T> {
  get(): T;
  subscribe(listener: () => void): Stop;
}

/** Idempotent. `using stop = …` works too. */
export interface Stop {
  (): void;
  [Symbol.dispose](): void;
}

export interface Abortable {
  /** @default none */
  readonly signal?: AbortSignal;
}
