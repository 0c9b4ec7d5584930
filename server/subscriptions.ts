import type { Codec } from '../src/protocol/codec.ts';
import type { ServerFrame, Sub, Unsubbed } from '../src/protocol/frame.ts';
import type { Keep } from './brokers/broker.ts';
import { Allowance } from './limits.ts';
import type { Counters } from './metrics.ts';
import type { Outgoing } from './outgoing.ts';
import { type Match, serves } from './rules.ts';
import type { Services } from './services.ts';
import { type Reader, Subscription } from './subscription.ts';
import type { Untyped } from './types.ts';
import { ask, isThenable, RuleContext, type Verdict, verdictOf, verdictOfError, within } from './verdict.ts';

/** What the subscriptions need of their connection. */
export interface SubscriptionsHost {
  readonly codec: Codec;
  readonly outgoing: Outgoing;
  readonly client: string;
  readonly user: Untyped;
  send(frame: ServerFrame): void;
}

/** Pages asked for at once, for one connection: what comes when there is no room any more is read again. */
const READS = 8;
const RETRY_AFTER = 1000;

/** The subscriptions of one connection, and the order in which those that are behind are served. */
export class Subscriptions implements Reader {
  readonly #services: Services;
  readonly #host: SubscriptionsHost;
  readonly #byChannel = new Map<string, Subscription>();
  readonly #waiting = new Set<Subscription>();
  readonly #contexts = new Set<RuleContext>();
  /** A full set each second, four at once: every new name leaves something behind for a while. */
  readonly #joins: Allowance;
  #reading = 0;
  #pumping = false;
  #ended = false;

  constructor(services: Services, host: SubscriptionsHost) {
    this.#services = services;
    this.#host = host;
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
    return this.#waiting.size > 0;
  }

  /** Every `sub` that came is answered. */
  get idle(): boolean {
    for (const { phase } of this.#byChannel.values()) if (phase === 'judging' || phase === 'joining') return false;
    return true;
  }

  onSub(frame: Sub): void {
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
    if (known?.mode === mode) return known.resync(frame);
    this.#remove(frame.c);
    const full = this.#byChannel.size >= limits.channels || this.#contexts.size >= limits.channels;
    if (full || this.#joins.take('', 1, this.#services.environment.now()) === 0) {
      return this.#refuse(frame.c, { code: 'rate-limited', retry: true, after: 10 * RETRY_AFTER });
    }
    const subscription = new Subscription(frame, mode, this);
    this.#byChannel.set(frame.c, subscription);
    this.counters.subscriptions += 1;
    this.#judge(subscription, match);
  }

  onUnsub(channel: string): void {
    this.#remove(channel);
  }

  /** The user may no longer read it. */
  revoke(channel: string): void {
    if (this.#remove(channel)) this.#refuse(channel, { code: 'forbidden', retry: false });
  }

  end(): void {
    this.#ended = true;
    for (const channel of [...this.#byChannel.keys()]) this.#remove(channel);
    for (const context of this.#contexts) context.abort(new Error('the connection has ended'));
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

  #judge(subscription: Subscription, { rule, params }: Match): void {
    const { subscribe, keep } = rule;
    if (typeof subscribe !== 'function') return this.#onVerdict(subscription, verdictOf(subscribe), keep);
    const context = new RuleContext(this.#host.user, subscription.channel, params);
    const answer = ask(() => subscribe(context));
    if (!isThenable(answer)) return this.#onVerdict(subscription, answer, keep);
    this.#contexts.add(context);
    const settle = (verdict: Verdict): void => {
      this.#contexts.delete(context);
      this.#onVerdict(subscription, verdict, keep);
    };
    const fail = (error: unknown): void => {
      context.abort(error instanceof Error ? error : new Error('the rule failed'));
      settle(verdictOfError(error));
    };
    within(this.#services.environment, this.#services.timing.ruleTimeout, answer, (value) => settle(verdictOf(value)), fail);
  }

  #onVerdict(subscription: Subscription, verdict: Verdict, keep: Keep): void {
    const { channel } = subscription;
    if (subscription.phase === 'ended') return;
    if (verdict.say !== 'yes') {
      this.#remove(channel);
      if (verdict.say === 'later' && 'fault' in verdict)
        this.#services.report('rule-failed', { channel, rule: 'subscribe', error: verdict.fault });
      const after = verdict.say === 'later' && verdict.after !== undefined ? { after: verdict.after } : undefined;
      return this.#refuse(channel, { ...verdict.refusal, retry: verdict.say === 'later', ...after });
    }
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
    this.counters.subscriptions -= 1;
    known.end(this.#services.environment.now());
    return true;
  }
}
