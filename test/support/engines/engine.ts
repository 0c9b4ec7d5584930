/** A browser of another maker, as far as these tests drive it. */
export interface Engine extends AsyncDisposable {
  readonly name: string;
  /** Goes there in its only tab. */
  goto(url: string): Promise<unknown>;
  back(): Promise<unknown>;
  /** @param expression of JavaScript whose value is plain data */
  evaluate(expression: string): Promise<unknown>;
}
