/** Presence in one channel: who is there, and what this page shows of itself. */
import { fullJitter } from '../connection/backoff.ts';
import type { Line } from '../connection/line.ts';
import { HoldfastError, check, refusalOf } from '../errors.ts';
import { DEFAULT_LIMITS } from '../protocol/frame.ts';
import { toPlain } from '../protocol/payload.ts';
import type { ClientPres, ServerPres } from '../protocol/presence-frame.ts';
import type { Abortable, Member, Presence, PresenceEvent, Readable, Stop, Untyped } from '../types.ts';
import { attempt } from '../util/attempt.ts';
import { createDerived } from '../util/readable.ts';
import { createStop, stopOnAbort } from '../util/stop.ts';
import { createTimer } from '../util/timer.ts';
import type { ChannelContext, PresenceHost } from './context.ts';
import { Roster } from './roster.ts';

/** ms for which a page that left says so again when that may be lost: as long as a server may keep it. */
const REMEMBERED = 60_000;

/** `refused` until the app asks anew; `resting` until the timer rings. */
type Verdict = 'none' | 'refused' | 'resting';

export class ChannelPresence implements Presence {
  readonly members: Readable<readonly Member[]>;
  readonly #name: string;
  readonly #context: ChannelContext;
  readonly #host: PresenceHost;
  readonly #roster = new Roster();
  readonly #handlers = new Set<{ readonly event: PresenceEvent; readonly handler: (member: Member) => void }>();
  readonly #changed: () => void;
  readonly #timer;
  #watchers = 0;
  #callers = 0;
  /** Drawn when it first enters. */
  #id: string | null = null;
  #k = 0;
  #data: unknown;
  /** Infinity: it is there. */
  #leftAt = -Infinity;
  /** What the newest opening said. `k` 0: it was not there; `pv` undefined: it did not watch. */
  #opened: { readonly gen: number; readonly k: number; readonly pv: string | undefined } = { gen: 0, k: 0, pv: undefined };
  /** Of what this page shows, and of its watching. */
  #shown: Verdict = 'none';
  #watched: Verdict = 'none';
  #failures = 0;
  /** The connection that told it last who is there. */
  #gen = 0;

  constructor(name: string, context: ChannelContext, host: PresenceHost) {
    this.#name = name;
    this.#context = context;
    this.#host = host;
    this.#timer = createTimer(context.environment, () => this.#again());
    const { subscribe, changed } = createDerived(() => this.#roster.list, context.report);
    this.#changed = changed;
    this.members = {
      get: () => this.#roster.list,
      subscribe: (listener) => {
        host.assertAlive();
        const stop = subscribe(listener);
        const unwatch = this.#watch();
        return createStop(() => {
          stop();
          unwatch();
        });
      },
    };
  }

  enter(data?: Untyped, options: Abortable = {}): Stop {
    const plain = this.#plain(data);
    return stopOnAbort(options, () => {
      this.#callers += 1;
      const release = this.#hold();
      this.#show(plain);
      return () => {
        this.#callers -= 1;
        if (this.#callers === 0) this.#leave();
        release();
      };
    });
  }

  update(data?: Untyped): void {
    const plain = this.#plain(data);
    check(this.#callers > 0, `Call enter() of channel '${this.#name}' first.`);
    this.#show(plain);
  }

  on(event: PresenceEvent, handler: (member: Member) => void, options: Abortable = {}): Stop {
    this.#host.assertAlive();
    return stopOnAbort(options, () => {
      const entry = { event, handler };
      this.#handlers.add(entry);
      const unwatch = this.#watch();
      return () => {
        this.#handlers.delete(entry);
        unwatch();
      };
    });
  }

  get wanted(): boolean {
    return this.#watchers + this.#callers > 0;
  }

  /** For a `sub`: the version that is known; undefined if nobody watches. */
  get version(): string | undefined {
    // From that `sub` on nothing is told any more.
    if (this.#watchers === 0) this.#forget();
    return this.#known;
  }

  /** As `version`, and forgets nothing. */
  get #known(): string | undefined {
    return this.#watchers > 0 && this.#watched === 'none' ? this.#roster.version : undefined;
  }

  opening(gen: number): readonly ClientPres[] {
    const isThere = this.#callers > 0 && this.#shown === 'none';
    this.#opened = { gen, k: isThere ? this.#k : 0, pv: this.#known };
    return isThere ? [this.#frame('enter')] : [];
  }

  /** What was said after the opening was made is not in it. */
  welcomed(gen: number): void {
    const opened = this.#opened.gen === gen ? this.#opened : null;
    this.#failures = 0;
    // Or everybody was asked for since, on a connection that was given up.
    if (this.#known !== undefined && (this.#known === '' || opened?.pv === undefined) && opened?.pv !== '') this.#host.ask();
    if (this.#callers === 0 || opened?.k !== this.#k) this.#repeat('enter');
  }

  /** The server's store may have lost it. Over streams a `leave` that is lost would be for good: they renew what it ended. */
  recheck(): void {
    this.#repeat('update');
  }

  received({ gen }: Line, frame: ServerPres): void {
    const { v, pv, err } = frame;
    if (err !== undefined) return this.#refused(frame, err);
    const { version } = this.#roster;
    // It may come over two connections.
    if (v === undefined || v === version) return;
    // The connection that was chosen may be the older of two.
    const carries = gen === this.#context.line()?.gen;
    if (pv === undefined ? gen < this.#gen && !carries : pv !== version) {
      if (pv === undefined || version === '' || !carries) return;
      this.#roster.version = '';
      return this.#host.ask();
    }
    this.#gen = gen;
    const changes = this.#roster.apply(frame, this.#id, this.#read);
    this.#changed();
    for (const [event, member] of changes) {
      for (const entry of [...this.#handlers]) {
        if (entry.event !== event || !this.#handlers.has(entry)) continue;
        void attempt(
          () => entry.handler(member),
          (cause) => {
            const text = `A presence handler of channel '${this.#name}' threw.`;
            this.#context.report(new HoldfastError('handler-threw', text, { cause }));
          },
        );
      }
    }
  }

  /** The page is left: others see it at once. If it comes back it enters again. */
  leaving(): void {
    if (this.#callers === 0) return;
    this.#k = this.#context.nextK();
    this.#context.send(this.#frame('leave'), 'now');
    this.#k = this.#context.nextK();
  }

  end(): void {
    this.leaving();
    this.#callers = 0;
    this.#leftAt = -Infinity;
    this.#watchers = 0;
    this.#handlers.clear();
    this.#timer.set(null);
  }

  #watch(): () => void {
    const { isOpen } = this.#host;
    this.#watchers += 1;
    if (this.#watchers === 1 && this.#watched === 'refused') {
      this.#watched = 'none';
      this.#forget();
    }
    const release = this.#hold();
    if (this.#watchers === 1 && isOpen && this.#roster.version === '') this.#host.ask();
    return () => {
      this.#watchers -= 1;
      release();
    };
  }

  #hold(): () => void {
    this.#context.wanted();
    return this.#host.hold();
  }

  #forget(): void {
    if (this.#roster.version === '' && this.#roster.list.length === 0) return;
    this.#roster.clear();
    this.#changed();
  }

  #plain(data: unknown): unknown {
    this.#host.assertAlive();
    const limits = this.#context.line()?.limits ?? DEFAULT_LIMITS;
    const plain = toPlain(data, { ...limits, frame: limits.presence ?? 1024 });
    if (!plain.ok) throw new HoldfastError(plain.code, `Not shown: ${plain.why}.`);
    if (plain.data instanceof Uint8Array) throw new HoldfastError('invalid', 'Not shown: presence data is JSON, not bytes.');
    const checked = this.#context.checks?.presence(this.#name, plain.data);
    if (checked?.ok === false) throw checked.error;
    return plain.data;
  }

  /** What does not fit the contract is shown to nobody. */
  readonly #read = (data: unknown): { readonly value: unknown } | null => {
    const checked = this.#context.checks?.presence(this.#name, data);
    if (checked === undefined) return { value: data };
    if (checked.ok) return checked;
    this.#context.report(checked.error);
    return null;
  };

  #show(data: unknown): void {
    // A stream that was opened while it was refused does not stand for it.
    const op = this.#leftAt === Infinity && this.#shown === 'none' ? 'update' : 'enter';
    // Many render anew with data that is the same.
    if (op === 'update' && JSON.stringify(data) === JSON.stringify(this.#data)) return;
    this.#id ??= this.#context.environment.createId();
    this.#leftAt = Infinity;
    this.#data = data;
    this.#k = this.#context.nextK();
    this.#shown = 'none';
    this.#say(op);
  }

  #leave(): void {
    this.#leftAt = this.#context.environment.now();
    this.#data = undefined;
    this.#k = this.#context.nextK();
    this.#say('leave');
  }

  #repeat(op: 'enter' | 'update'): void {
    if (this.#callers > 0) {
      if (this.#shown === 'none') this.#say(op);
    } else if (this.#context.environment.now() - this.#leftAt < REMEMBERED) this.#say('leave');
  }

  #say(op: ClientPres['op']): void {
    if (this.#context.line()?.caps.includes('pres')) this.#context.send(this.#frame(op));
  }

  #frame(op: ClientPres['op']): ClientPres {
    const d = op !== 'leave' && this.#data !== undefined ? { d: this.#data } : undefined;
    return { t: 'pres', c: this.#name, op, k: this.#k, id: this.#id!, ...d };
  }

  #refused({ k }: ServerPres, said: NonNullable<ServerPres['err']>): void {
    // Of what it showed before.
    if (k !== undefined && k !== this.#k) return;
    const { code, retry, after = 0 } = said;
    const { environment, report } = this.#context;
    const verdict: Verdict = retry ? 'resting' : 'refused';
    if (k === undefined) this.#watched = verdict;
    else this.#shown = verdict;
    if (!retry) return report(refusalOf(said, `The server refused presence in channel '${this.#name}' (${code}).`, 'app'));
    if (code === 'conflict') this.#id = environment.createId();
    this.#failures += 1;
    this.#timer.set(environment.now() + after + fullJitter(this.#failures, 1000, 30_000, environment.random()));
  }

  /** After a rest. */
  #again(): void {
    if (this.#shown === 'resting') {
      this.#shown = 'none';
      if (this.#callers > 0) this.#say('enter');
    }
    if (this.#watched !== 'resting') return;
    this.#watched = 'none';
    if (this.#watchers > 0) this.#host.ask();
    // Whoever looks next must ask: this connection tells nothing.
    else this.#forget();
  }
}
