/** Calls what is not ours. A handler may be async: its rejection is as much its own fault as a throw. */
/** @returns what is still to be done, which never rejects */
export function attempt(run: () => unknown, threw: (error: unknown) => void): Promise<unknown> | undefined {
  try {
    const result = run();
    // The promises of many databases are no `Promise`.
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function')
      return Promise.resolve(result).catch(threw);
  } catch (error) {
    threw(error);
  }
  return undefined;
}
