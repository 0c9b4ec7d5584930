/** What an app does from inside its handlers, so in the middle of whatever the client is doing. */
import type { Actor } from './actor.ts';
import type { Stage } from './stage.ts';

/** Each may lead to more of them. */
const MOST_ACTS = 40;

export class Mischief {
  readonly #actor: Actor;
  readonly #stage: Stage;
  #acts = 0;
  #calm = false;

  constructor(actor: Actor, stage: Stage) {
    this.#actor = actor;
    this.#stage = stage;
  }

  calm(): void {
    this.#calm = true;
  }

  /** Called at the end of each handler. */
  inHandler(): void {
    const { plan, random, chronicle } = this.#stage;
    const { throws, acts } = plan.handlers;
    if (acts > 0 && !this.#calm && this.#acts < MOST_ACTS && random() < acts) this.#act();
    if (throws === 0 || random() >= throws) return;
    chronicle.count('handler threw');
    throw new Error('a handler failed, as the plan has it');
  }

  #act(): void {
    const actor = this.#actor;
    if (!actor.alive) return;
    const { plan, random, chronicle } = this.#stage;
    const { client, reader } = actor;
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const channel = pick(plan.channels);
    const acts: Readonly<Record<string, () => void>> = {
      leave: () => reader.leave(),
      'leave and join': () => (reader.leave(), reader.joinAll()),
      'pause and connect': () => (actor.pause(), client.connect()),
      pause: () => actor.pause(),
      retry: () => client.retryNow(),
      publish: () => actor.publish(channel, 1, null),
      tell: () => actor.tell(channel),
      cancel: () => actor.cancel(),
      destroy: () => actor.destroy(),
    };
    const name = pick(Object.keys(acts));
    this.#acts += 1;
    chronicle.count('handler acted');
    chronicle.record(`page ${actor.number} from inside a handler: ${name}`);
    acts[name]!();
  }
}
