/** What a page's app does with the channels that it listens to. */
import type { Cursor, Stop } from '../../src/types.ts';
import type { Actor } from './actor.ts';
import type { Stage } from './stage.ts';

export class Reader {
  readonly #actor: Actor;
  readonly #stage: Stage;
  readonly #stops = new Map<string, () => void>();
  /** Channels of which a logged message came since they were joined. */
  readonly #heard = new Set<string>();

  constructor(actor: Actor, stage: Stage) {
    this.#actor = actor;
    this.#stage = stage;
  }

  listens(channel: string): boolean {
    return this.#stops.has(channel);
  }

  /** Channels that it listens to, and of which it has heard nothing. */
  deaf(): readonly string[] {
    return [...this.#stops.keys()].filter((channel) => !this.#heard.has(channel));
  }

  joinAll(): void {
    for (const channel of this.#stage.plan.channels) this.#join(channel);
  }

  leave(): void {
    for (const stop of this.#stops.values()) stop();
    this.abandon();
  }

  /** Nobody is told: the page is gone with its process. */
  abandon(): void {
    for (const channel of this.#stops.keys()) this.#stage.oracle.left(this.#actor.number, channel);
    this.#stops.clear();
    this.#heard.clear();
  }

  #join(channel: string): void {
    const { oracle, chronicle, plan, random } = this.#stage;
    const { number, client, life } = this.#actor;
    if (this.#stops.has(channel) || !this.#actor.alive) return;
    const handle = client.channel(channel);
    oracle.joined(number, channel);
    let active = true;
    const stopMirror = this.#actor.mirror?.join(channel);
    const stopMessages = handle.subscribeAll((message) => {
      chronicle.record(`page ${number} got ${message.id} ${message.cursor?.offset ?? 'volatile'}`);
      chronicle.count(message.cursor === null ? 'heard' : 'delivered');
      if (!active) oracle.fail('I16', `page ${number} got ${message.id} of ${channel} after it had left`);
      if (message.cursor !== null) this.#heard.add(channel);
      oracle.delivered(number, channel, message);
      this.#actor.misbehave();
    });
    const stopResets = handle.onReset(async (reset) => {
      chronicle.record(`page ${number} reset ${reset.channel} ${reset.why} ${reset.cursor.offset}`);
      chronicle.count(`reset ${reset.why}`);
      oracle.reset(number, reset);
      // The cursor first: what is appended while the rest loads comes as messages.
      const loaded = plan.reset.loads > 0 && random() < plan.reset.loads ? await this.#stage.fleet().top(channel) : undefined;
      if (loaded !== undefined) chronicle.count('snapshot');
      const takes = plan.reset.takes * random();
      if (takes > 0) await life.wait(takes);
      let place: Cursor | undefined;
      try {
        if (random() < plan.reset.fails) throw new Error('the reset handler failed, as the plan has it');
        this.#actor.misbehave();
        place = loaded;
      } finally {
        if (active) oracle.reloaded(number, channel, place);
      }
      return place;
    });
    const stops: readonly Stop[] = [stopMessages, stopResets];
    this.#stops.set(channel, () => {
      active = false;
      stops.forEach((stop) => stop());
      stopMirror?.();
    });
  }
}
