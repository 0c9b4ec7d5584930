/** What the page may ask of the server: /demo/restart and /demo/drain. One at a time, whoever asks. */
const DOWN_FOR = 2000;
/** Lets the answer reach the page that asked, before the sockets go. */
const BEFORE_IT_GOES = 50;

/** A sleep that ends early with the signal. */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * @param {object} parts
 * @param {{ forget(): Promise<void>, replace(): Promise<void> }} parts.realtime
 * @param {() => Promise<unknown>} parts.start listens again on the same port
 * @param {() => Promise<void>} parts.stop closes the port and every socket, hard
 */
export function createActions({ realtime, start, stop }) {
  const closing = new AbortController();
  const { signal } = closing;
  let running = null;

  async function restart() {
    await pause(BEFORE_IT_GOES, signal);
    await stop();
    await realtime.forget();
    await pause(DOWN_FOR, signal);
    if (!signal.aborted) await start();
  }

  /** @returns whether it was begun */
  function begin(action) {
    if (running !== null || signal.aborted) return false;
    running = action()
      .catch((error) => console.error(`Holdfast demo: ${error.message}`))
      .finally(() => {
        running = null;
      });
    return true;
  }

  return {
    byPath: new Map([
      ['/demo/restart', () => begin(restart)],
      ['/demo/drain', () => begin(() => realtime.replace())],
    ]),
    async close() {
      closing.abort();
      await running;
    },
  };
}
