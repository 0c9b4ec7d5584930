/** What every other type is made of. */

/** Payloads of a client without a contract. The only `any` of this library: `unknown` would need a cast in every handler. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Untyped = any;

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
