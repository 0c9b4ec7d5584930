import type { Environment } from '../platform/environment.ts';
import { type Alarm, createAlarm } from '../util/timer.ts';
import type { Lane } from './lane.ts';

/** Answered records are kept this long to repair a store that loses acknowledged writes, ms. */
const RETENTION = 60_000;
/** A timer this late means that the page stood still, and has not read what came meanwhile, ms. */
const LATE = 5000;

/**
 * How long answered records are kept (invariant I4). A lane keeps what it has still to show, so time counts only while
 * connected, and only up to the last frame: a line that is open and dead tells of no loss.
 */
export class Retention<R> {
  readonly #environment: Environment;
  readonly #lanes: Iterable<Lane<R>>;
  readonly #heardAt: () => number;
  readonly #onEmpty: (lane: Lane<R>) => void;
  readonly #alarm: Alarm;

  /**
   * @param heardAt when the last frame of the present connection came
   * @param onEmpty a lane holds nothing any more
   */
  constructor(environment: Environment, lanes: Iterable<Lane<R>>, heardAt: () => number, onEmpty: (lane: Lane<R>) => void) {
    this.#environment = environment;
    this.#lanes = lanes;
    this.#heardAt = heardAt;
    this.#onEmpty = onEmpty;
    this.#alarm = createAlarm(environment, (now, at) => this.#look(now, now - at > LATE));
  }

  /** Something was answered. */
  note(): void {
    this.#alarm.note(this.#environment.now() + RETENTION);
  }

  /** The newest is shown again: time begins anew, since this server too may not have heard of a loss yet. */
  renew(lane: Lane<R>): void {
    lane.renew(this.#environment.now());
    this.note();
  }

  clear(): void {
    this.#alarm.clear();
  }

  #look(now: number, late: boolean): void {
    for (const lane of this.#lanes) {
      if (late) lane.renew(now);
      else lane.forget(Math.min(now, this.#heardAt()), RETENTION);
      if (lane.retained > 0) this.note();
      else if (lane.waiting === 0) this.#onEmpty(lane);
    }
  }
}
