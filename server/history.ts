import type { Hist, Res, ServerFrame } from '../src/protocol/frame.ts';
import type { PageLimit, Past } from './brokers/broker.ts';
import type { Outgoing } from './outgoing.ts';
import type { Permissions } from './permissions.ts';
import type { Match } from './rules.ts';
import type { Services } from './services.ts';
import { pageLimit } from './tail.ts';
import { type Verdict, within } from './verdict.ts';

/** Under way on one connection, rules included. What answers them is not bounded by what the client reads otherwise. */
const MOST = 4;
const RETRY_AFTER = 1000;

/** What the history needs of its connection. */
export interface HistoryHost {
  readonly outgoing: Outgoing;
  send(frame: ServerFrame): void;
}

interface Asked {
  readonly frame: Hist;
  readonly match: Match;
}

/** Pages of the past, for one connection. Nothing is kept of a page that is sent, or that there is no room for. */
export class History {
  readonly #services: Services;
  readonly #host: HistoryHost;
  readonly #permissions: Permissions;
  readonly #page: PageLimit;
  readonly #asked = new Set<Asked>();
  /** Allowed, and not being read: they wait for room. */
  readonly #waiting = new Set<Asked>();

  constructor(services: Services, host: HistoryHost, permissions: Permissions) {
    const { queue, message } = services.limits;
    const { entries, bytes } = pageLimit(queue);
    this.#services = services;
    this.#host = host;
    this.#permissions = permissions;
    this.#page = { entries, bytes: Math.min(bytes, message) };
  }

  /** Everything that was asked is answered. */
  get idle(): boolean {
    return this.#asked.size === 0;
  }

  /** Whether something waits for room. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  onHist(frame: Hist): void {
    const match = this.#services.rules(frame.c);
    if (match === null) return this.#refuse(frame, { code: 'forbidden' });
    if (match.rule.mode === 'live') return this.#refuse(frame, { code: 'unsupported', message: 'this channel keeps no log' });
    if (this.#asked.size >= MOST) {
      this.#services.counters.rateLimited += 1;
      return this.#refuse(frame, { code: 'rate-limited', message: `at most ${MOST} pages at a time`, after: RETRY_AFTER });
    }
    const asked = { frame, match };
    this.#asked.add(asked);
    this.#permissions.ask(frame.c, match, (verdict) => this.#onVerdict(asked, verdict));
  }

  /** The user may no longer read it. */
  revoke(channel: string): void {
    for (const asked of this.#asked) if (asked.frame.c === channel) this.#end(asked, { code: 'forbidden' });
  }

  /** There may be room. */
  pump(): void {
    for (const asked of this.#waiting) {
      if (this.#host.outgoing.busy) return;
      this.#waiting.delete(asked);
      this.#read(asked);
    }
  }

  end(): void {
    this.#asked.clear();
    this.#waiting.clear();
  }

  #onVerdict(asked: Asked, verdict: Verdict): void {
    if (!this.#asked.has(asked)) return;
    if (verdict.say !== 'yes') {
      const after = verdict.say === 'later' && verdict.after !== undefined ? { after: verdict.after } : undefined;
      return this.#end(asked, { ...verdict.refusal, ...after });
    }
    this.#waiting.add(asked);
    this.pump();
  }

  #read(asked: Asked): void {
    const { environment, timing, counters, report } = this.#services;
    counters.pages += 1;
    const onFault = (error: unknown): void => {
      if (!this.#asked.has(asked)) return;
      report('broker-failed', { channel: asked.frame.c, error });
      this.#end(asked, { code: 'unavailable', after: RETRY_AFTER });
    };
    within(environment, timing.ruleTimeout, this.#fetch(asked), (past) => this.#onPast(asked, past), onFault);
  }

  async #fetch({ frame: { c, from, to, n }, match }: Asked): Promise<Past> {
    const span = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    const limit = { ...this.#page, entries: Math.min(n, this.#page.entries) };
    return this.#services.broker.history(c, span, limit, match.rule.keep);
  }

  #onPast(asked: Asked, past: Past): void {
    if (!this.#asked.has(asked)) return;
    if (!past.ok)
      return this.#end(asked, { code: 'not-found', message: `\`${past.place}\` is no place of the log: ${past.why}` });
    if (this.#host.outgoing.busy) {
      this.#waiting.add(asked);
      return;
    }
    const { epoch: ep, entries, older, trimmed } = past;
    const { id } = asked.frame;
    this.#asked.delete(asked);
    this.#services.counters.delivered += entries.length;
    this.#host.send({
      ...{ t: 'res', id, ep },
      ...(entries.length > 0 && { items: entries }),
      ...(older !== null && { older }),
      ...(trimmed && { trimmed }),
    });
  }

  #end(asked: Asked, err: NonNullable<Res['err']>): void {
    this.#asked.delete(asked);
    this.#waiting.delete(asked);
    this.#refuse(asked.frame, err);
  }

  #refuse({ id }: Hist, err: NonNullable<Res['err']>): void {
    this.#services.counters.refused += 1;
    this.#host.send({ t: 'res', id, err });
  }
}
