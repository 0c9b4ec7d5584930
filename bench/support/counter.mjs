/** Counts what comes; it may come before it is waited for. */
export function createCounter() {
  let surplus = 0;
  let onAll;
  return {
    add() {
      surplus += 1;
      if (surplus === 0) onAll();
    },
    /** Resolves when so many more have come. */
    receive(wanted) {
      return new Promise((resolve) => {
        surplus -= wanted;
        onAll = resolve;
        if (surplus === 0) resolve();
      });
    },
  };
}
