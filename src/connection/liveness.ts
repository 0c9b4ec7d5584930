import type { Environment } from '../platform/environment.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import { createTimer } from '../util/timer.ts';
import { type Watch, check, look, watchFrom } from './watchdog.ts';

/** Watches one connection and measures its round trip. */
export interface Liveness {
  /** Any frame came. */
  alive(): void;
  /** The server's heartbeat: the best moment to measure, since it needs no timer of the page, which browsers throttle. */
  measure(): void;
  answered(x: number | undefined): void;
  /** A sign of life is wanted within 2 s. */
  check(): void;
  stop(): void;
}

interface LivenessOptions {
  readonly environment: Environment;
  /** ms, as the server announced */
  readonly ping: number;
  send(frame: ClientFrame): void;
  onRoundTrip(ms: number): void;
  onSilence(): void;
}

export function createLiveness({ environment, ping, send, onRoundTrip, onSilence }: LivenessOptions): Liveness {
  let lastFrame = environment.now();
  let watch: Watch = watchFrom(lastFrame, ping);
  let asked = 0;
  let askedAt = 0;

  const timer = createTimer(environment, () => {
    const result = look(watch, environment.now(), lastFrame, ping);
    watch = result.watch;
    if (result.action === 'give-up') return onSilence();
    timer.set(watch.due);
    if (result.action === 'ask') measure();
  });
  timer.set(watch.due);

  function measure(): void {
    askedAt = environment.now();
    asked += 1;
    send({ t: 'ping', x: asked });
  }

  return {
    alive: () => void (lastFrame = environment.now()),
    measure,
    answered(x) {
      if (x === asked) onRoundTrip(environment.now() - askedAt);
    },
    check() {
      if (watch.state !== 'watching') return;
      watch = check(environment.now());
      timer.set(watch.due);
      measure();
    },
    stop: () => timer.set(null),
  };
}
