/** One page of the storm: its client, and an app that listens, publishes and is not always well behaved. */
import { json } from '../../src/protocol/json.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import { END } from '../../src/protocol/end-codes.ts';
import type { ProfilePage } from '../support/profile.ts';
import type { Client, Receipt, Reason } from '../../src/types.ts';
import { Cable } from './cable.ts';
import { Company } from './company.ts';
import { Mirror } from './mirror.ts';
import { Mischief } from './mischief.ts';
import type { Said } from './oracle.ts';
import { Asking } from './asking.ts';
import { Past } from './past.ts';
import { PageLife, createPageClient } from './page.ts';
import { type PagePlan, countsSockets } from './plan.ts';
import type { SharedProfile } from './profiles.ts';
import { Reader } from './reader.ts';
import type { Stage } from './stage.ts';
import { TokenDesk } from './token-desk.ts';

export interface ActorOptions {
  readonly stage: Stage;
  /** Which place of the plan it takes. */
  readonly slot: number;
  /** Its own: that of a page is never given to its successor. */
  readonly number: number;
}

const MINUTE = 60_000;
/** Within this it has given back what it shared with other tabs, ms. */
const LETS_GO = 15_000;

export class Actor {
  readonly slot: number;
  readonly number: number;
  readonly user: string;
  readonly life: PageLife;
  readonly cable: Cable;
  readonly client: Client;
  readonly reader: Reader;
  readonly past: Past;
  readonly asking: Asking;
  readonly mirror: Mirror | null;
  readonly company: Company | null;
  readonly desk: TokenDesk | null;
  /** Its part of a profile. */
  readonly tab: ProfilePage | null;
  /** Channel by id, of everything it published. */
  readonly ids = new Map<string, string>();
  readonly #stage: Stage;
  readonly #plan: PagePlan;
  readonly #mischief: Mischief;
  readonly #shared: SharedProfile | null;
  /** closed: the library gave up for good. */
  #state: 'alive' | 'closed' | 'destroyed' | 'crashed' = 'alive';
  #calm = false;
  #last: Receipt | null = null;
  #said = 0;
  #garbled = 0;
  /** Sessions of its user that were ended since a connection was last welcomed. */
  #revoked = 0;

  constructor({ stage, slot, number }: ActorOptions) {
    const { plan, clock, random, createId, oracle, chronicle, profiles } = stage;
    const { binary, rewind, tokens, middle, holds, http, networks, transports, connections } = plan.pages[slot]!;
    this.#plan = plan.pages[slot]!;
    this.#stage = stage;
    this.slot = slot;
    this.number = number;
    this.#mischief = new Mischief(this, stage);
    this.#shared = profiles.of(slot);
    this.user = tokens === null ? 'anonymous' : (this.#shared?.userOf(slot) ?? `ü${slot}`);
    this.life = new PageLife(clock, this.#shared?.offset);
    this.tab = this.#shared?.of(slot).page(String(number), { arrive: this.life.arrive }) ?? null;
    this.cable = new Cable({
      page: number,
      clock,
      random,
      codec: binary ? msgpack() : json(),
      oracle,
      ...{ middle, holds, http, networks, transports, connections },
      onAttempt: () => countsSockets(this.#plan) && this.#attempted(),
      onHello: (gen) => this.#greeted(gen),
      ...{ server: (any) => stage.fleet().any(any), letsIn: (server) => stage.fleet().servers.includes(server) },
      chronicle,
      count: (name) => {
        if (name === 'garbled up') this.#garbled += 1;
        chronicle.count(name);
      },
      arrive: this.life.arrive,
    });
    stage.cables.push(this.cable);
    this.desk =
      tokens === null
        ? null
        : new TokenDesk({
            ...{ plan: tokens, user: this.user, now: clock.now, random, life: this.life },
            count: (name) => chronicle.count(name),
          });
    this.mirror = Mirror.of(() => this, stage, slot, number);
    this.client = createPageClient({
      ...{ random, createId, transports, cable: this.cable, life: this.life, user: this.user },
      storage: profiles.storageOf(slot),
      tab: this.tab,
      ...(this.#shared !== null && { outbox: this.#shared.optionsOf(number, stage) }),
      channels: { '{channel}': { rewind, ...this.mirror?.options } },
      ...(this.desk !== null && { getToken: this.desk.get }),
    });
    this.reader = new Reader(this, stage);
    this.past = new Past(this, stage);
    this.asking = new Asking(this, stage);
    this.#listen();
    this.company = Company.of(this, stage);
  }

  get alive(): boolean {
    return this.#state === 'alive';
  }

  #listen(): void {
    const { oracle, chronicle } = this.#stage;
    this.client.on('outcome', (outcome) => {
      chronicle.record(`page ${this.number} outcome ${outcome.id} ${outcome.result}`);
      chronicle.count(outcome.result);
      if (oracle.isAnothers(this.number, outcome.id)) chronicle.count(`adopted, ${outcome.result}`);
      oracle.outcome(this.number, outcome);
      this.misbehave();
    });
    this.client.on('trace', ({ name, detail }) => {
      chronicle.record(`page ${this.number} ${name}: ${String(detail['from'])} → ${String(detail['to'])}`);
      if (!countsSockets(this.#plan) && detail['from'] !== 'preparing' && detail['to'] === 'preparing') this.#attempted();
      if (name === 'choose') chronicle.count(`chose ${String(detail['transport'])}, ${String(detail['why'])}`);
      if (name === 'ended' || name === 'held-ended') chronicle.count(`ended ${String(detail['name'])}`);
    });
    this.client.on('error', ({ code }) => chronicle.count(`error ${code}`));
    this.client.on('error', (error) => oracle.erred(this.number, error));
    this.client.status.subscribe(() => {
      const status = this.client.status.get();
      oracle.status(this.number, status, this.life.now());
      if (status.state === 'connected') {
        this.#revoked = 0;
        if (this.desk !== null) this.desk.refused = 0;
      }
      if (status.state === 'closed' && this.alive) this.#closed(status.reason);
    });
  }

  #greeted(gen: number): void {
    if (!this.life.setWithin(MINUTE)) this.#stage.oracle.greeted(this.number, gen, this.#plan.transports.length);
  }

  /** The limit is kept by the page's clock, by which a minute is over when somebody sets it. */
  #attempted(): void {
    if (!this.life.setWithin(MINUTE)) this.#stage.oracle.attempted(this.number);
  }

  /** The library gave up for good. The app loads its page again; whether it had to is judged here. */
  #closed({ code, name, error }: Reason): void {
    this.#stage.chronicle.count(`closed ${name}`);
    const refusals = this.#revoked + (this.desk?.refused ?? 0);
    const earned = (code === END.badFrame && this.#garbled > 0) || (code === END.tokenRejected && refusals > 1);
    if (!earned) this.#stage.oracle.fail('I7', `page ${this.number} ended for good: ${code} ${name} ${String(error)}`);
    this.#end('closed');
  }

  // ---- what its app does -----------------------------------------------------------------------------------------------

  publish(channel: string, count: number, ttl: number | null): void {
    for (let left = count; left > 0 && this.alive; left -= 1) {
      const data: Said = { page: this.number, n: (this.#said += 1), user: this.user };
      const options = { ...(ttl !== null && { ttl }), ...(this.#replaces() && { replace: 'draft' }) };
      this.#last = this.client.channel(channel).publish('said', data, options);
      this.offered(this.#last, channel);
    }
  }

  /** It is to end somewhere, and here if this page lives. */
  offered(receipt: Receipt, channel: string): void {
    this.ids.set(receipt.id, channel);
    if (this.#shared === null) return;
    const { oracle, chronicle } = this.#stage;
    const { name, plan } = this.#shared;
    oracle.offered(receipt, { profile: name, page: this.number, channel, whenInDoubt: plan.outbox.whenInDoubt ?? 'resend' });
    receipt.stored.then(
      () => {
        if (this.#state === 'crashed' || !this.client.outbox.status.get().durable) return;
        chronicle.record(`page ${this.number} stored ${receipt.id}`);
        chronicle.count('stored');
        oracle.stored(receipt.id);
      },
      () => chronicle.count('not stored'),
    );
  }

  #replaces(): boolean {
    const share = this.#shared?.plan.replaces ?? 0;
    return share > 0 && this.#stage.random() < share;
  }

  tell(channel: string): void {
    this.client.channel(channel).publishVolatile('told', { page: this.number });
  }

  cancel(): void {
    this.#last?.cancel().catch(() => {});
  }

  pause(): void {
    this.client.disconnect();
    // Listeners would not be told of a pause that ends in the same tick.
    this.#stage.oracle.status(this.number, this.client.status.get(), this.life.now());
  }

  /** The limit of attempts must hold whatever the app does. */
  async hammer(times: number, every: number): Promise<void> {
    for (let left = times; left > 0 && this.alive && !this.#calm; left -= 1) {
      if (this.client.status.get().state === 'connected') this.pause();
      this.client.connect();
      this.client.retryNow();
      await this.life.wait(every);
    }
  }

  revoked(): void {
    this.#revoked += 1;
  }

  /** Called at the end of each of its handlers. */
  misbehave(): void {
    this.#mischief.inHandler();
  }

  // ---- its end -----------------------------------------------------------------------------------------------------------

  /** The faults stop, and the app wants to be connected. */
  calm(): void {
    const { life, cable, client } = this;
    this.#calm = true;
    this.#mischief.calm();
    this.desk?.calm();
    cable.calm();
    life.thaw();
    // Behind what the page still has to do.
    life.arrive(() => {
      if (!this.alive) return;
      life.show();
      life.page.set({ online: true });
      client.connect();
      this.company?.lookAll();
    });
  }

  destroy(): void {
    if (!this.alive) return;
    this.#end('destroyed');
    this.client.destroy();
  }

  /** Its process is gone, with its memory. @param told whether the system ends its connections */
  crash(told: boolean): void {
    if (!this.alive) return;
    this.#end('crashed');
    this.asking.abandon();
    this.life.die();
    this.tab?.die();
    this.cable.orphan(told);
  }

  /** Its handlers have run: what a client that has ended must not have left (invariant I16). */
  unload(): void {
    if (this.#state === 'crashed') return;
    const { life, cable, number, tab } = this;
    // The last write has a limit of its own.
    const timers = tab === null ? life.timers : life.timers - 1;
    const left = { timers, sockets: cable.openSockets, requests: cable.openRequests, watchers: life.page.watchers };
    for (const [what, count] of Object.entries(left)) {
      if (count > 0) this.#stage.oracle.fail('I16', `page ${number} has ended and left ${count} ${what}`);
    }
    this.#stage.clock.setTimeout(() => this.#letsGo(), LETS_GO);
  }

  /** What it shared with other tabs, it gives back when its last writes are done. */
  #letsGo(): void {
    const { tab, number, life } = this;
    // What never answers cannot even be closed.
    if (tab === null || life.stopped || tab.disk.health === 'never') return;
    for (const [what, count] of Object.entries({ ...tab.left, timers: life.timers })) {
      if (count > 0) this.#stage.oracle.fail('I16', `page ${number} has ended and still has ${count} ${what}`);
    }
  }

  #end(state: 'closed' | 'destroyed' | 'crashed'): void {
    this.#state = state;
    this.company?.end();
    if (state === 'crashed') this.reader.abandon();
    else this.reader.leave();
    this.#stage.replace(this);
  }
}
