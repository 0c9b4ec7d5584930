/** Has the user asked before the page is closed: only while something would be lost, for it keeps pages from being cached. */
export class Guard {
  readonly #start: (() => () => void) | undefined;
  #stop: (() => void) | null = null;

  constructor(start: (() => () => void) | undefined) {
    this.#start = start;
  }

  set(wanted: boolean): void {
    if (wanted) this.#stop ??= this.#start?.() ?? null;
    else {
      this.#stop?.();
      this.#stop = null;
    }
  }
}
