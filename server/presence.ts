import type { ClientPres, ServerPres } from '../src/protocol/presence-frame.ts';
import type { ServerFrame, Sub } from '../src/protocol/frame.ts';
import type { Checked } from '../src/contract/validate.ts';
import { toPlain } from '../src/protocol/payload.ts';
import type { Outgoing } from './outgoing.ts';
import type { Codec } from '../src/protocol/codec.ts';
import type { Permissions } from './permissions.ts';
import { type Hold, LEASE } from './presence-leases.ts';
import { PresenceWatch, type WatchHost } from './presence-watch.ts';
import type { Services } from './services.ts';
import type { SocketKind } from './types.ts';
import { type Verdict, verdictOfFault, within } from './verdict.ts';

/** What presence needs of its connection. */
export interface PresenceHost {
  readonly codec: Codec;
  readonly outgoing: Outgoing;
  readonly kind: SocketKind;
  readonly client: string;
  /** Id of the user, empty for an anonymous visitor. */
  readonly userId: string;
  /** Whose allowance is used up. */
  readonly payer: string;
  readonly tokenExpired: boolean;
  send(frame: ServerFrame): void;
  onSettled(): void;
}

type Refused = NonNullable<ServerPres['err']>;

const RETRY_AFTER = 1000;
const LATER: Refused = { code: 'unavailable', retry: true, after: RETRY_AFTER };
/** Beyond the longest time that a poll is held, ms: until the next one. */
const BETWEEN_POLLS = 35_000;

/** What one page shows of itself, and whom it watches, on one connection. */
export class Presence implements WatchHost {
  readonly #services: Services;
  readonly #host: PresenceHost;
  readonly #permissions: Permissions;
  /** Versions that the page knows, of the channels that it wants to watch. */
  readonly #wanted = new Map<string, string>();
  readonly #watches = new Map<string, PresenceWatch>();
  readonly #waiting = new Set<PresenceWatch>();
  readonly #holds = new Map<string, Hold>();
  /** Drawn when it is first needed. */
  #holder: string | null = null;
  /** Questions that are not answered. */
  #open = 0;
  #asksAgain = false;
  #ended = false;

  constructor(services: Services, host: PresenceHost, permissions: Permissions) {
    this.#services = services;
    this.#host = host;
    this.#permissions = permissions;
  }

  get codec(): Codec {
    return this.#host.codec;
  }
  get outgoing(): Outgoing {
    return this.#host.outgoing;
  }

  /** Everything that was asked is answered. */
  get idle(): boolean {
    for (const watch of this.#watches.values()) if (watch.owed) return false;
    return this.#open === 0;
  }

  /** Whether something waits for room. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  pump(): void {
    for (const watch of this.#waiting) {
      if (this.outgoing.busy) return;
      this.#waiting.delete(watch);
      watch.push();
    }
  }

  want(watch: PresenceWatch): void {
    this.#waiting.add(watch);
  }

  onSettled(): void {
    this.#host.onSettled();
  }

  end(): void {
    this.#ended = true;
    for (const channel of [...this.#watches.keys()]) this.unwatch(channel);
    for (const hold of this.#holds.values()) {
      this.#services.leases.remove(hold);
      this.#services.leases.drop(hold);
    }
    this.#holds.clear();
  }

  // ---- watching -----------------------------------------------------------------------------------------------------------

  /** Whether it wants to know who is there, from here on. */
  onSub({ c, pv }: Sub): void {
    if (pv === undefined) this.unwatch(c);
    else this.#wanted.set(c, pv);
  }

  /** The page may read the channel. */
  watch(channel: string): void {
    const known = this.#wanted.get(channel);
    if (known === undefined) return;
    const watch = this.#watches.get(channel);
    if (watch !== undefined) return watch.ask(known);
    this.#judge(channel, (verdict) => {
      if (!this.#wanted.has(channel) || this.#watches.has(channel)) return;
      if (verdict.say !== 'yes') return this.#refuse(channel, refusedBy(verdict));
      const roster = this.#services.rosters.of(channel);
      const made = new PresenceWatch(roster, this, this.#wanted.get(channel)!);
      this.#watches.set(channel, made);
      roster.join(made);
      made.push();
    });
  }

  unwatch(channel: string): void {
    this.#wanted.delete(channel);
    const watch = this.#watches.get(channel);
    if (watch === undefined) return;
    this.#watches.delete(channel);
    this.#waiting.delete(watch);
    watch.end();
  }

  // ---- being there ----------------------------------------------------------------------------------------------------------

  onPres(frame: ClientPres): void {
    if (frame.op === 'leave') return this.#leave(frame);
    const { allowance, counters, environment, limits } = this.#services;
    const { c, k, d } = frame;
    const plain = toPlain(d, { ...limits, frame: limits.presence ?? limits.frame });
    if (!plain.ok) return this.#refuse(c, { code: plain.code, message: plain.why }, k);
    if (plain.data instanceof Uint8Array) return this.#refuse(c, { code: 'invalid', message: 'bytes are no presence data' }, k);
    const checked = this.#services.checks?.presence(c, plain.data);
    if (checked?.ok === false) return this.#unfit(frame, checked.error);
    if (this.#host.tokenExpired) return this.#refuse(c, { code: 'token-expired', retry: true, after: RETRY_AFTER }, k);
    // What each opening says again is bounded as its subscriptions are.
    const pays = this.#host.kind === 'duplex' || this.#host.kind === 'send';
    const now = environment.now();
    const full = this.#open >= limits.channels || (this.#holds.size >= limits.channels && !this.#holds.has(c));
    if (full || (pays && allowance.take(this.#host.payer, 1, now) === 0)) {
      counters.rateLimited += 1;
      const after = Math.max(RETRY_AFTER, allowance.wait(this.#host.payer, now));
      return this.#refuse(c, { code: 'rate-limited', retry: true, after }, k);
    }
    this.#judge(c, (verdict) => {
      if (verdict.say === 'yes') this.#enter(frame, plain.data);
      else this.#refuse(c, refusedBy(verdict), k);
    });
  }

  #unfit({ c, k }: ClientPres, error: Extract<Checked, { ok: false }>['error']): void {
    if (error.code !== 'invalid') this.#services.report('rule-failed', { channel: c, rule: 'presence', error });
    this.#refuse(c, refusedBy(verdictOfFault(error)), k);
  }

  /** The user may no longer be there. */
  revoke(channel: string): void {
    this.unwatch(channel);
    const hold = this.#holds.get(channel);
    if (hold === undefined) return;
    this.#letGo(channel);
    this.#store(channel, this.#services.broker.presence.drop(channel, hold, 0), () => undefined);
    this.#refuse(channel, { code: 'forbidden' });
  }

  #enter({ c, k, id }: ClientPres, data: unknown): void {
    const { broker, environment, rules, timing } = this.#services;
    const { kind, client, userId } = this.#host;
    const holds = kind === 'duplex' || kind === 'stream';
    const by = rules(c)?.rule.showUser === true && userId !== '' ? { by: userId } : undefined;
    const page = { user: userId, client };
    // A poll is held by the next one too, on whatever server that is.
    const holder = kind === 'poll' ? 'poll' : (this.#holder ??= environment.createTag());
    const showing = { ...page, k, id, ...by, ...(data !== undefined && { data }), holder: kind === 'send' ? null : holder };
    const lease = holds ? LEASE : timing.ping + BETWEEN_POLLS;
    this.#store(
      c,
      broker.presence.enter(c, showing, lease),
      (result) => {
        if (result === 'taken') this.#refuse(c, { code: 'conflict', message: 'another page has this id', retry: true }, k);
        else if (result === 'full') this.#refuse(c, { code: 'rate-limited', retry: true, after: 10 * RETRY_AFTER }, k);
        else if (holds) this.#hold({ ...page, channel: c, holder, k, onMissing: this.#askAgain });
      },
      () => this.#refuse(c, LATER, k),
    );
  }

  #hold(hold: Hold): void {
    const { leases } = this.#services;
    if (this.#ended) return leases.drop(hold);
    const held = this.#holds.get(hold.channel) ?? hold;
    held.k = Math.max(held.k, hold.k);
    this.#holds.set(hold.channel, held);
    // Again, where a leave that overtook it let go of the lease.
    leases.add(held);
  }

  #letGo(channel: string): void {
    const hold = this.#holds.get(channel);
    if (hold === undefined) return;
    this.#holds.delete(channel);
    this.#services.leases.remove(hold);
  }

  #leave({ c, k }: ClientPres): void {
    const { allowance, broker, environment, rules, timing } = this.#services;
    const { client, userId, kind, payer } = this.#host;
    // Of who was not there it is one more thing to keep.
    const isKnown = this.#holds.has(c);
    const pays = kind === 'duplex' || kind === 'send';
    if (rules(c) === null || (!isKnown && pays && allowance.take(payer, 1, environment.now()) === 0)) return;
    this.#letGo(c);
    const lease = timing.ping + BETWEEN_POLLS;
    this.#store(c, broker.presence.leave(c, { user: userId, client, k }, lease), () => undefined);
  }

  /** The store has lost it. */
  readonly #askAgain = (): void => {
    if (this.#asksAgain) return;
    this.#asksAgain = true;
    this.#services.environment.defer(() => {
      this.#asksAgain = false;
      this.#host.send({ t: 'recheck' });
    });
  };

  // ---- questions --------------------------------------------------------------------------------------------------------------

  #judge(channel: string, tell: (verdict: Verdict) => void): void {
    const match = this.#services.rules(channel);
    if (match === null) return tell({ say: 'no', refusal: { code: 'forbidden' } });
    this.#open += 1;
    this.#permissions.ask(
      channel,
      match,
      (verdict) => {
        this.#open -= 1;
        if (!this.#ended) tell(verdict);
        this.#host.onSettled();
      },
      'presence',
    );
  }

  #store<T>(channel: string, asked: Promise<T>, done: (value: T) => void, failed = (): void => undefined): void {
    const { environment, timing, report } = this.#services;
    this.#open += 1;
    const settle = (run: () => void): void => {
      this.#open -= 1;
      run();
      this.#host.onSettled();
    };
    const onFault = (error: unknown): void => {
      report('broker-failed', { channel, error });
      settle(failed);
    };
    within(environment, timing.ruleTimeout, asked, (value) => settle(() => done(value)), onFault);
  }

  /** @param k of the `pres` that it answers */
  #refuse(c: string, err: Refused, k?: number): void {
    if (this.#ended) return;
    this.#services.counters.refused += 1;
    this.#host.send({ t: 'pres', c, ...(k !== undefined && { k }), err });
  }
}

function refusedBy(verdict: Exclude<Verdict, { say: 'yes' }>): Refused {
  if (verdict.say === 'no') return verdict.refusal;
  return { ...verdict.refusal, retry: true, after: verdict.after ?? RETRY_AFTER };
}
