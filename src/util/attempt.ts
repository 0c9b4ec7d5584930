/** Calls what is not ours. A handler may be async: its rejection is as much its own fault as a throw. */
export function attempt(run: () => unknown, threw: (error: unknown) => void): void {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(threw);
  } catch (error) {
    threw(error);
  }
}
