const LOOK_EVERY = 5;

/**
 * Resolves as soon as `condition` holds.
 *
 * @param ms after which it throws
 * @param what was waited for, as a sentence's end
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms: number,
  what: string | (() => string),
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`waited ${ms} ms in vain until ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}
