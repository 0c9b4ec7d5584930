/** What a page's app does with presence: it is there, and watches who is. */
import type { PresenceEvent } from '../../src/types.ts';
import type { Actor } from './actor.ts';
import type { PagePresenceKind } from './page-actions.ts';
import type { Stage } from './stage.ts';

const EVENTS: readonly PresenceEvent[] = ['join', 'update', 'leave'];

export class Company {
  readonly #actor: Actor;
  readonly #stage: Stage;
  readonly #entered = new Map<string, () => void>();
  readonly #watched = new Map<string, () => void>();
  #n = 0;
  #life: 'on' | 'over' = 'on';

  /** @returns null: nobody of this plan is seen */
  static of(actor: Actor, stage: Stage): Company | null {
    if (stage.plan.presence !== true) return null;
    const company = new Company(actor, stage);
    stage.oracle.presence.came(actor.number, actor.user);
    company.lookAll();
    return company;
  }

  private constructor(actor: Actor, stage: Stage) {
    this.#actor = actor;
    this.#stage = stage;
    actor.client.status.subscribe(() => this.noteStatus());
  }

  noteStatus(): void {
    const { state } = this.#actor.client.status.get();
    this.#stage.oracle.presence.connected(this.#actor.number, state === 'connected');
  }

  perform(type: PagePresenceKind, channel: string): void {
    if (this.#life === 'over') return;
    const { presence } = this.#actor.client.channel(channel);
    const { number } = this.#actor;
    switch (type) {
      case 'enter': {
        const before = this.#entered.get(channel);
        this.#entered.set(channel, presence.enter({ page: number, n: (this.#n += 1) }));
        before?.();
        return this.#stage.oracle.presence.shows(number, channel, this.#n);
      }
      case 'alter':
        if (!this.#entered.has(channel)) return;
        presence.update({ page: number, n: (this.#n += 1) });
        return this.#stage.oracle.presence.shows(number, channel, this.#n);
      case 'exit':
        this.#entered.get(channel)?.();
        this.#entered.delete(channel);
        return this.#stage.oracle.presence.shows(number, channel, null);
      case 'look':
        if (this.#watched.has(channel)) this.#lookAway(channel);
        else this.#look(channel);
    }
  }

  lookAll(): void {
    for (const channel of this.#stage.plan.channels) if (!this.#watched.has(channel)) this.#look(channel);
  }

  /** @param connected ms for which a page must have been, to be missed */
  check(connected?: number): void {
    const { oracle, plan, chronicle } = this.#stage;
    const { client, number } = this.#actor;
    for (const channel of plan.channels) {
      const members = client.channel(channel).presence.members.get();
      chronicle.count('member seen', members.length);
      oracle.presence.check(number, channel, members, connected);
    }
  }

  /** The page is over. */
  end(): void {
    this.#life = 'over';
    this.#stage.oracle.presence.over(this.#actor.number);
  }

  #look(channel: string): void {
    const { oracle, chronicle } = this.#stage;
    const { number, client } = this.#actor;
    const { presence } = client.channel(channel);
    let active = true;
    const stops = EVENTS.map((event) =>
      presence.on(event, (member) => {
        chronicle.record(`page ${number} sees ${event} ${JSON.stringify(member.data)}`);
        chronicle.count(`seen ${event}`);
        if (!active) oracle.fail('I16', `page ${number} was told of a ${event} after it looked away`);
        oracle.presence.told(number, channel, event, member);
        this.#actor.misbehave();
      }),
    );
    stops.push(presence.members.subscribe(() => {}));
    this.#watched.set(channel, () => {
      active = false;
      stops.forEach((stop) => stop());
    });
  }

  #lookAway(channel: string): void {
    this.#watched.get(channel)?.();
    this.#watched.delete(channel);
  }
}
