import type { Codec } from '../src/protocol/codec.ts';
import type { Hist, ServerFrame, Sub, Unsub, Unsubbed } from '../src/protocol/frame.ts';
import type { ClientPres } from '../src/protocol/presence-frame.ts';
import type { Keep } from './brokers/broker.ts';
import { History } from './history.ts';
import { Allowance } from './limits.ts';
import type { Counters } from './metrics.ts';
import type { Outgoing } from './outgoing.ts';
import { Permissions } from './permissions.ts';
import { Presence, type PresenceHost } from './presence.ts';
import { serves } from './rules.ts';
import type { Services } from './services.ts';
import { type Reader, Subscription } from './subscription.ts';
import type { User } from './types.ts';
import { type Verdict, within } from './verdict.ts';

/** What the subscriptions need of their connection. */
export interface SubscriptionsHost extends PresenceHost {
  readonly user: User;
}

/** Pages asked for at once, for one connection: what comes when there is no room any more is read again. */
const READS = 8;
const RETRY_AFTER = 1000;

/** What one connection reads: its subscriptions, the order in which those behind are served, the past, and who is there. */
export class Subscriptions implements Reader {
  readonly #services: Services;
  readonly #host: SubscriptionsHost;
  readonly #byChannel = new Map<string, Subscription>();
  readonly #waiting = new Set<Subscription>();
  readonly #permissions: Permissions;
  readonly #history: History;
  readonly #presence: Presence;
  /** A full set each second, four at once: every new name leaves something behind for a while. */
  readonly #joins: Allowance;
  #reading = 0;
  #pumping = false;
  #ended = false;

  constructor(services: Services, host: SubscriptionsHost) {
    this.#services = services;
    this.#host = host;
    this.#permissions = new Permissions(services, host);
    this.#history = new History(services, host, this.#permissions);
    this.#presence = new Presence(services, host, this.#permissions);
    this.#joins = new Allowance(services.limits.channels);
  }

  get codec(): Codec {
    return this.#host.codec;
  }
  get outgoing(): Outgoing {
    return this.#host.outgoing;
  }
  get client(): string {
    return this.#host.client;
  }
  get counters(): Counters {
    return this.#services.counters;
  }

  send(frame: ServerFrame): void {
    this.#host.send(frame);
  }

  /** Whether someone waits for room. */
  get waiting(): boolean {
    return this.#waiting.size > 0 || this.#history.waiting || this.#presence.waiting;
  }

  /** Every `sub`, `hist` and `pres` that came is answered. */
  get idle(): boolean {
    for (const { phase } of this.#byChannel.values()) if (phase === 'judging' || phase === 'joining') return false;
    return this.#history.idle && this.#presence.idle;
  }

  onFrame(frame: Sub | Unsub | Hist | ClientPres): void {
    if (frame.t === 'hist') this.#history.onHist(frame);
    else if (frame.t === 'pres') this.#presence.onPres(frame);
    else if (frame.t === 'unsub') this.#remove(frame.c);
    else this.#onSub(frame);
  }

  #onSub(frame: Sub): void {
    const { limits, rules } = this.#services;
    const match = rules(frame.c);
    const mode = frame.mode ?? 'log';
    const known = this.#byChannel.get(frame.c);
    if (match === null) return this.#refuse(frame.c, { code: 'forbidden', retry: false });
    if (!serves(match.rule.mode, mode)) {
      this.#remove(frame.c);
      return this.#refuse(frame.c, {
        code: 'invalid',
        retry: false,
        message: `this channel's mode is ${match.rule.mode}, not ${mode}`,
      });
    }
    if (known?.mode === mode) {
      this.#presence.onSub(frame);
      if (known.allowed) this.#presence.watch(frame.c);
      return known.resync(frame);
    }
    this.#remove(frame.c);
    const full = this.#byChannel.size >= limits.channels || this.#permissions.size >= limits.channels;
    if (full || this.#joins.take('', 1, this.#services.environment.now()) === 0) {
      return this.#refuse(frame.c, { code: 'rate-limited', retry: true, after: 10 * RETRY_AFTER });
    }
    this.#presence.onSub(frame);
    const subscription = new Subscription(frame, mode, this);
    this.#byChannel.set(frame.c, subscription);
    this.counters.subscriptions += 1;
    const { keep } = match.rule;
    this.#permissions.ask(frame.c, match, (verdict) => this.#onVerdict(subscription, verdict, keep));
  }

  /** The user may no longer read it. */
  revoke(channel: string): void {
    this.#history.revoke(channel);
    this.#presence.revoke(channel);
    if (this.#remove(channel)) this.#refuse(channel, { code: 'forbidden', retry: false });
  }

  end(): void {
    this.#ended = true;
    for (const channel of [...this.#byChannel.keys()]) this.#remove(channel);
    this.#history.end();
    this.#presence.end();
    this.#permissions.end();
  }

  want(subscription: Subscription): void {
    this.#waiting.add(subscription);
    this.pump();
  }

  /** Reads pages while there is room: one for each subscription in turn, so that a long log starves no other channel. */
  pump(): void {
    // A flush inside this loop calls it again.
    if (this.#pumping) return;
    this.#pumping = true;
    for (const subscription of this.#waiting) {
      if (this.#reading >= READS || this.outgoing.busy) break;
      this.#waiting.delete(subscription);
      this.#reading += 1;
      void this.#read(subscription);
    }
    this.#pumping = false;
    this.#history.pump();
    this.#presence.pump();
  }

  async #read(subscription: Subscription): Promise<void> {
    try {
      await subscription.readPage();
    } catch (error) {
      this.#fail(subscription, error);
    }
    this.#reading -= 1;
    if (!this.#ended) this.pump();
  }

  #onVerdict(subscription: Subscription, verdict: Verdict, keep: Keep): void {
    const { channel } = subscription;
    if (subscription.phase === 'ended') return;
    if (verdict.say !== 'yes') {
      this.#remove(channel);
      const after = verdict.say === 'later' && verdict.after !== undefined ? { after: verdict.after } : undefined;
      return this.#refuse(channel, { ...verdict.refusal, retry: verdict.say === 'later', ...after });
    }
    this.#presence.watch(channel);
    // Not before: a tail that nobody listens to may be dropped while the rule thinks.
    const tail = this.#services.tails.of(channel, keep);
    const joining = subscription.join(tail);
    if (joining === null) return subscription.start();
    const onFault = (error: unknown): void => {
      this.#services.tails.drop(tail);
      this.#fail(subscription, error);
    };
    within(this.#services.environment, this.#services.timing.ruleTimeout, joining, () => subscription.start(), onFault);
  }

  /** The store cannot answer now: the client asks again, with its cursor. */
  #fail(subscription: Subscription, error: unknown): void {
    if (subscription.phase === 'ended') return;
    this.#services.report('broker-failed', { channel: subscription.channel, error });
    this.#remove(subscription.channel);
    this.#refuse(subscription.channel, { code: 'unavailable', retry: true, after: RETRY_AFTER });
  }

  #refuse(c: string, why: Omit<Unsubbed, 't' | 'c'>): void {
    this.counters.refused += 1;
    this.send({ t: 'unsubbed', c, ...why });
  }

  #remove(channel: string): boolean {
    const known = this.#byChannel.get(channel);
    if (known === undefined) return false;
    this.#byChannel.delete(channel);
    this.#waiting.delete(known);
    this.#presence.unwatch(channel);
    this.counters.subscriptions -= 1;
    known.end(this.#services.environment.now());
    return true;
  }
}
