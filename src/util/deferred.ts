export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A promise that may be ignored: its rejection never becomes an "unhandled rejection". */
export function createDeferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return {
    promise,
    resolve,
    reject(error) {
      // Only here: most promises never reject, and each of these would cost another promise.
      promise.catch(() => {});
      reject(error);
    },
  };
}
