/** One run: the plan's faults, then quiet, then the reckoning. */
import { createIds, createRandom } from '../support/random.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { Actor } from './actor.ts';
import type { Stage } from './stage.ts';
import type { Cable } from './cable.ts';
import { Chronicle } from './chronicle.ts';
import { isFleetAction } from './fleet-actions.ts';
import { Fleet } from './fleet.ts';
import { Oracle } from './oracle.ts';
import { performOnPage } from './perform.ts';
import type { Action, Plan } from './plan.ts';
import { probePresence } from './presence-probe.ts';
import { isProfileAction } from './profile-actions.ts';
import { Profiles } from './profiles.ts';

export interface Outcome {
  readonly violations: readonly string[];
  /** The same for the same seed, or something is not under the simulator's control. */
  readonly hash: string;
  readonly timeline: readonly string[];
  /** What happened, to see that the storm was one. */
  readonly counts: Readonly<Record<string, number>>;
}

const START = 1_000_000;
/** Long enough for two heartbeats, one capped backoff and the limit of attempts (invariant I7). */
const QUIET = 240_000;
/**
 * Where only silence tells that a page is gone: five minutes, as many more if the clock was set back since its last sign, and
 * one until others look.
 */
const SILENCE = 11 * 60_000;
/** Until pages that stood still go on, ms. */
const SETTLING = 1000;
/** For one more publication, with a store that may be slow. */
const PROBE = 30_000;
/** Until everything that was closed is gone on both sides: browsers wait a minute for a network that is not there. */
const FAREWELL = 70_000;
/** Several times what the busiest plan needs. */
const MOST_TASKS = 400_000;

export async function runPlan(plan: Plan, { keepTimeline = false } = {}): Promise<Outcome> {
  const storm = await Storm.start(plan, keepTimeline);
  await storm.rage();
  await storm.calm();
  await storm.reckon();
  return storm.outcome();
}

class Storm {
  readonly #plan: Plan;
  readonly #clock = createVirtualClock(START, MOST_TASKS);
  readonly #oracle = new Oracle(this.#clock.now);
  readonly #chronicle: Chronicle;
  readonly #stage: Stage;
  /** By slot. */
  readonly #actors: Actor[] = [];
  readonly #cables: Cable[] = [];
  #fleet!: Fleet;
  #state: 'raging' | 'quiet' | 'reckoning' = 'raging';
  #pages = 0;

  private constructor(plan: Plan, keepTimeline: boolean) {
    const random = createRandom(plan.seed);
    this.#plan = plan;
    this.#chronicle = new Chronicle(() => this.#clock.now() - START, keepTimeline);
    const actors = (): readonly Actor[] => this.#actors;
    this.#stage = {
      plan,
      actors,
      profiles: new Profiles({
        ...{ plan, random, actors },
        clock: this.#clock,
        oracle: this.#oracle,
        count: (name) => this.#chronicle.count(name),
      }),
      clock: this.#clock,
      random,
      createId: createIds(random),
      oracle: this.#oracle,
      chronicle: this.#chronicle,
      cables: this.#cables,
      fleet: () => this.#fleet,
      replace: (actor) => this.#replace(actor),
    };
  }

  static async start(plan: Plan, keepTimeline: boolean): Promise<Storm> {
    const storm = new Storm(plan, keepTimeline);
    const { clock, random, createId, oracle, cables } = storm.#stage;
    storm.#fleet = await Fleet.start({ fleet: plan.fleet, clock, random, createId, oracle, cables });
    plan.pages.forEach((_, slot) => storm.#enter(slot));
    return storm;
  }

  async rage(): Promise<void> {
    let now = 0;
    for (const { at, action } of this.#plan.schedule) {
      await this.#clock.advance(at - now);
      now = at;
      this.#chronicle.record(`— ${JSON.stringify(action)}`);
      this.#chronicle.count(action.type);
      await this.#perform(action);
    }
    await this.#clock.advance(this.#plan.storm - now);
  }

  async calm(): Promise<void> {
    this.#chronicle.record('— quiet');
    this.#state = 'quiet';
    this.#fleet.bootAll();
    for (const cable of this.#cables) cable.calm();
    for (const actor of this.#actors) actor.calm();
    this.#stage.profiles.calm();
    // What pages that stood still had before them is done.
    await this.#clock.advance(SETTLING);
    this.#stage.profiles.bringBack();
    const without = this.#plan.profiles.some(({ exclusion }) => exclusion === 'none');
    await this.#clock.advance(QUIET + (without ? SILENCE : 0));
  }

  /** Everybody is where they should be, and nothing is left of what was ended. */
  async reckon(): Promise<void> {
    const { oracle, profiles } = this.#stage;
    await this.#compare();
    // Only now: it would also wake a reader that waits for what it has missed.
    for (const channel of this.#plan.channels) this.#actors[0]!.publish(channel, 1, null);
    await this.#clock.advance(PROBE);
    await this.#compare();
    await probePresence(this.#stage);
    await this.#readPast();
    await this.#askAll();
    oracle.requests.settle();
    for (const { mirror } of this.#actors) mirror?.check();
    oracle.settleStored();
    profiles.settle();
    for (const { number, reader, client } of this.#actors) {
      for (const channel of reader.deaf()) oracle.fail('I7', `page ${number} listens to ${channel}, and hears nothing`);
      const { state } = client.status.get();
      const { banner } = client.uiStatus.get();
      if (state !== 'connected' || banner !== 'hidden') oracle.fail('I7', `page ${number} is ${state}, its banner ${banner}`);
    }
    this.#state = 'reckoning';
    for (const actor of [...this.#actors]) actor.destroy();
    await this.#clock.advance(FAREWELL);
    for (const server of this.#fleet.servers) {
      const { connections = 0 } = server.metrics.get();
      if (connections > 0) oracle.fail('I16', `a server still has ${connections} connections of pages that are gone`);
    }
    const closed = this.#fleet.close();
    await this.#clock.advance(FAREWELL);
    await closed;
    const open = this.#cables.reduce((sum, cable) => sum + cable.open, 0);
    profiles.reckon();
    if (open > 0) oracle.fail('I16', `${open} connections are left after everything was destroyed`);
    if (this.#clock.pending > 0) oracle.fail('I16', `${this.#clock.pending} timers are left after everything was destroyed`);
    for (const [name, count] of Object.entries(oracle.notes())) this.#chronicle.count(name, count);
  }

  async #compare(): Promise<void> {
    for (const { number, ids, reader } of this.#actors) {
      this.#oracle.settle(number, ids);
      for (const channel of this.#plan.channels) {
        this.#oracle.caughtUp(number, channel, await this.#fleet.top(channel), reader.listens(channel));
      }
    }
  }

  async #readPast(): Promise<void> {
    const { oracle } = this.#stage;
    let open = 0;
    for (const channel of this.#plan.channels) {
      const top = await this.#fleet.top(channel);
      for (const { past } of this.#actors) {
        open += 1;
        void past.readAll(channel, top).then(() => (open -= 1));
      }
    }
    await this.#clock.advance(PROBE);
    if (open > 0) oracle.fail('I7', `the past was not read within ${PROBE} ms`);
  }

  async #askAll(): Promise<void> {
    const { oracle } = this.#stage;
    let open = this.#actors.length;
    for (const { asking } of this.#actors) void asking.probe().then(() => (open -= 1));
    await this.#clock.advance(PROBE);
    if (open > 0) oracle.fail('I7', `${open} pages were not answered within ${PROBE} ms`);
  }

  outcome(): Outcome {
    const { hash, timeline, counts } = this.#chronicle;
    return { violations: this.#oracle.violations, hash, timeline, counts };
  }

  async #perform(action: Action): Promise<void> {
    if (isFleetAction(action)) return this.#fleet.perform(action);
    if (isProfileAction(action)) return this.#stage.profiles.perform(action);
    if (action.type !== 'night') return performOnPage(this.#actors[action.page]!, action, this.#stage);
    // Whoever is on the way in goes to sleep with the others.
    await this.#clock.advance(0);
    for (const { cable, life } of this.#actors) {
      cable.vanish('both');
      life.stop({ waking: 'visible' });
      life.wakeAfter(action.ms, false);
    }
    await this.#clock.advance(action.ms);
  }

  #enter(slot: number): void {
    const actor = new Actor({ stage: this.#stage, slot, number: this.#pages });
    // It has no claim to what is there before its first subscription, and that may be long in coming.
    for (const channel of this.#plan.channels) this.#oracle.left(actor.number, channel);
    this.#actors[slot] = actor;
    this.#pages += 1;
    actor.reader.joinAll();
    if (this.#state === 'quiet') actor.calm();
  }

  /** As a task of its own, when the old page's handlers and microtasks have run. */
  #replace(actor: Actor): void {
    this.#chronicle.record(`page ${actor.number} is over`);
    this.#clock.setTimeout(() => {
      actor.unload();
      if (this.#state !== 'reckoning') this.#enter(actor.slot);
    }, 0);
  }
}
