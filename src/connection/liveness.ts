import type { Environment } from '../platform/environment.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import { createTimer } from '../util/timer.ts';
import { type Watch, check, look, provesLife, verdictAfter, watchFrom } from './watchdog.ts';

/** Watches one connection and measures its round trip. */
export interface Liveness {
  /** When the last frame came. */
  readonly lastFrame: number;
  /** Any frame came. */
  alive(): void;
  /** The server's heartbeat: the best moment to measure, since it needs no timer of the page, which browsers throttle. */
  measure(): void;
  answered(x: number | undefined): void;
  /** The connection's request was made anew, and answered. */
  renewed(): void;
  /** A sign of life is wanted within 2 s. */
  check(): void;
  stop(): void;
}

interface LivenessOptions {
  readonly environment: Environment;
  /** ms, as the server announced */
  readonly ping: number;
  send(frame: ClientFrame): void;
  /** Where nothing can be asked of what is open, it is opened anew; null: it can be asked. */
  readonly reopen: (() => void) | null;
  /** ms; 0: not measured yet. */
  readonly roundTrip: number;
  onRoundTrip(ms: number): void;
  /** The server was silent for longer than it should be, and has been asked. */
  onDoubt(): void;
  /** What was asked of it was answered: by the answer itself, or by any frame that cannot be an old one. */
  onLife(): void;
  /** Nothing came. */
  onSilence(): void;
}

export function createLiveness(options: LivenessOptions): Liveness {
  const { environment, ping, send, reopen, onRoundTrip, onDoubt, onLife, onSilence } = options;
  let { roundTrip } = options;
  let lastFrame = environment.now();
  let watch: Watch = watchFrom(lastFrame, ping);
  let asked = 0;
  let askedAt = 0;
  /** The first question of the check. */
  let checked = 0;

  const timer = createTimer(environment, () => {
    const before = watch.state;
    const now = environment.now();
    // By a clock that was set back the last frame is yet to come, and silence would not be seen until then.
    lastFrame = Math.min(lastFrame, now);
    const result = look(watch, now, lastFrame, ping, roundTrip);
    watch = result.watch;
    if (result.action === 'give-up') return onSilence();
    timer.set(watch.due);
    if (result.action === 'none') return;
    if (before !== 'watching') return reopen === null ? measure() : reopen();
    ask();
    onDoubt();
  });
  timer.set(watch.due);

  function measure(): void {
    if (reopen !== null) return;
    askedAt = environment.now();
    asked += 1;
    send({ t: 'ping', x: asked });
  }

  function ask(): void {
    measure();
    checked = asked;
    reopen?.();
  }

  function heard(answer: boolean): void {
    const now = environment.now();
    lastFrame = now;
    if (watch.state === 'watching' || !provesLife(watch, now, answer)) return;
    watch = watchFrom(now, ping);
    timer.set(watch.due);
    onLife();
  }

  return {
    get lastFrame() {
      return lastFrame;
    },
    alive: () => heard(false),
    measure,
    answered(x) {
      if (x === asked) {
        roundTrip = environment.now() - askedAt;
        onRoundTrip(roundTrip);
      }
      heard(x !== undefined && x >= checked);
    },
    renewed: () => heard(true),
    check() {
      const now = environment.now();
      // One that is under way and ends no later will do.
      if (watch.state !== 'watching' && watch.due <= now + verdictAfter(roundTrip) && now <= watch.due) return;
      watch = check(now, roundTrip);
      timer.set(watch.due);
      ask();
    },
    stop: () => timer.set(null),
  };
}
