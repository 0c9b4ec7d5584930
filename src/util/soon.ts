const settled = Promise.resolve();

/** Runs it as a microtask. In Node `queueMicrotask` makes an AsyncResource for each call, which costs more than most of them do. */
export function soon(run: () => void): void {
  void settled.then(run);
}
