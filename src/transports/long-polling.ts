import { check } from '../errors.ts';
import type { ServerFrame } from '../protocol/frame.ts';
import { soon } from '../util/soon.ts';
import { type Call, type HttpOptions, createHttp, mayPass } from './http.ts';
import type { Link, Transport } from './transport.ts';
import { createUpstream } from './upstream.ts';

/** ms beyond `wait` after which a poll without an answer has failed. */
const GRACE = 10_000;
/** ms: what changes in one go is one poll. */
const GATHER = 50;
/** ms. No server answers a held poll sooner without news, and no wait is shorter than this. */
const FLOOR = 1000;
const MOST = 600_000;

export interface LongPollingOptions extends HttpOptions {
  /** Longest time that a poll is held, ms, from 1000 to 600000; never longer than the server's `ping`. @default 25000 */
  readonly wait?: number;
}

/**
 * One request after another, each answered when there is news: for networks that let nothing through but whole answers.
 * Volatile messages may be missed between two requests.
 *
 * @throws HoldfastError `invalid-option`
 */
export function longPolling(options: LongPollingOptions = {}): Transport {
  const { wait: longest = 25_000 } = options;
  const inRange = Number.isInteger(longest) && longest >= FLOOR && longest <= MOST;
  check(inRange, `\`wait\` is a whole number from ${FLOOR} to ${MOST}.`);
  return {
    name: 'long-polling',
    lossy: true,
    isSupported: ({ fetch }) => fetch !== undefined,
    open(target, sink): Link {
      const { environment, opening } = target;
      const http = createHttp(target, sink, options);
      let patience = longest;
      /** The poll under way. */
      let call: Call | null = null;
      let isHeld = false;
      /** Whether a poll is about to be made. */
      let due = true;
      /** For another reason than an answer: the next poll is answered at once. */
      let changed = true;
      /** When the poll before was made. */
      let askedAt: number | undefined;

      const poll = (): void => {
        if (http.over) return;
        // It was held for what is no longer wanted.
        call?.stop();
        const wait = changed ? 0 : patience;
        due = changed = false;
        isHeld = wait > 0;
        const began = environment.now();
        const [hello, ...subs] = opening();
        // What its server did not know then, another may have learned since.
        const since = askedAt !== undefined && { since: Math.max(0, began - askedAt) };
        call = http.exchange(
          'poll',
          http.encode([{ ...hello, wait, ...since }, ...subs]),
          wait + GRACE,
          (end) => {
            call = null;
            if (wait === 0 || end.after > 0 || !mayPass(end)) return http.end(end);
            const took = environment.now() - began;
            // One that had no time to lose patience is asked at once, and what fails then is the end. That the page stood still
            // says nothing of patience either.
            if (wait <= FLOOR || took < FLOOR || took > wait + GRACE + FLOOR) changed = true;
            else patience = Math.max(FLOOR, wait >> 1);
            again(0);
          },
          (frames) => {
            call = null;
            askedAt = began;
            for (const frame of frames) if (frame.t === 'welcome') patience = Math.min(patience, frame.ping);
            http.deliver(frames);
            // A proxy that answers in the server's place would otherwise be asked without a pause.
            const left = Math.min(FLOOR, began + FLOOR - environment.now());
            again(wait > 0 && left > 0 && !isNews(frames, subs) ? left : 0);
          },
        );
      };
      const again = (ms: number): void => {
        if (due) return;
        due = true;
        if (ms > 0) http.later(ms, poll);
        else poll();
      };

      soon(poll);
      return createUpstream(http, target, () => {
        changed = true;
        // A poll that is answered at once is waited for: if each change broke it off, none might ever be answered.
        if (call === null || isHeld) again(GATHER);
      });
    },
  };
}

/** Whether a server answers a held poll for it; not what answers an older one. */
function isNews(frames: readonly ServerFrame[], subs: readonly object[]): boolean {
  const asked = new Set(subs.map((sub) => 'k' in sub && sub.k));
  return frames.some((frame) =>
    frame.t === 'subbed'
      ? asked.has(frame.k) && !(frame.ok && !frame.items?.length)
      : frame.t !== 'welcome' && frame.t !== 'ping',
  );
}
