/**
 * The newest texts: at least `least` of them are remembered, at most twice as many. Two sets that take turns, because a set
 * from which the oldest is deleted each time walks over the holes that it leaves.
 */
export class Recent {
  readonly #least: number;
  #older = new Set<string>();
  #newer = new Set<string>();

  constructor(least: number) {
    this.#least = least;
  }

  has(text: string): boolean {
    return this.#newer.has(text) || this.#older.has(text);
  }

  add(text: string): void {
    this.#newer.add(text);
    if (this.#newer.size < this.#least) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }
}
