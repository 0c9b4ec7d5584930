import { createCounter } from './counter.mjs';
import { payload } from './payload.mjs';

/**
 * The measures of a client that is written by hand.
 *
 * @param {(type: 'publish' | 'store', id: number, data: object) => void} send
 * @returns what the role offers, and `onAnswer`, to be called for each message and each acknowledgement
 */
export function createMeasures(send) {
  const counter = createCounter();
  let onAnswer = counter.add;
  let sent = 0;
  const next = (type) => {
    sent += 1;
    send(type, sent, payload(sent));
  };
  return {
    onAnswer: () => onAnswer(),
    actions: {
      /** One at a time. @returns ms of each */
      roundTrips(type, count) {
        return new Promise((resolve) => {
          const times = [];
          let at = performance.now();
          onAnswer = () => {
            const now = performance.now();
            times.push(now - at);
            if (times.length === count) return resolve(times);
            at = performance.now();
            next(type);
          };
          next(type);
        });
      },
      /** At most `window` unacknowledged. @returns ms until all are acknowledged */
      pipeline(count, window) {
        return new Promise((resolve) => {
          const began = performance.now();
          let acked = 0;
          let left = count;
          const fill = () => {
            left -= 1;
            next('store');
          };
          onAnswer = () => {
            acked += 1;
            if (acked === count) resolve(performance.now() - began);
            else if (left > 0) fill();
          };
          for (let i = 0; i < window; i += 1) fill();
        });
      },
      /** Resolves when so many more messages have come. */
      receive(messages) {
        onAnswer = counter.add;
        return counter.receive(messages);
      },
    },
  };
}
