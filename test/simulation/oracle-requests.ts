/** Who ran what, how often, and who was told what: I11. */
type Fail = (invariant: string, sentence: string) => void;

/** Params of a request. */
export interface Asked {
  /** Unique. */
  readonly call: string;
  /** Whose key it is. */
  readonly scope: string;
  readonly key: string | null;
  /** ms */
  readonly takes: number;
  readonly ends: 'well' | 'refuses' | 'retries' | 'faults';
  /** The handler stops when its signal says so. */
  readonly obeys: boolean;
}

/** Result of a request. */
export interface Told {
  readonly call: string;
  readonly run: number;
}

interface Ran {
  readonly at: number;
  readonly asked: Asked;
  /** given-back: the handler said that it did nothing. */
  state: 'running' | 'ended' | 'given-back';
}

/** As the servers promise for a key, ms. */
const LIFE = 300_000;
/** After a failover, until no server claims anything of the old primary, ms: all have moved, and what was under way is over. */
const MOVED = 10_000;

export class Requests {
  readonly #now: () => number;
  readonly #fail: Fail;
  readonly #open = new Map<string, Asked>();
  readonly #runs: Ran[] = [];
  /** What the store forgot: all that began in between. */
  readonly #forgotten: { readonly from: number; readonly until: number; readonly at: number }[] = [];
  #lostAt = -Infinity;

  constructor(now: () => number, fail: Fail) {
    this.#now = now;
    this.#fail = fail;
  }

  asked(asked: Asked): void {
    this.#open.set(asked.call, asked);
  }

  settled({ call }: Asked): void {
    this.#open.delete(call);
  }

  abandon(prefix: string): void {
    for (const call of this.#open.keys()) if (call.startsWith(prefix)) this.#open.delete(call);
  }

  /** A handler begins. @returns which run it is, and what to tell of its end */
  ran(asked: Asked): { readonly run: number; end(state: 'ended' | 'given-back'): void } {
    const now = this.#now();
    const ran: Ran = { at: now, asked, state: 'running' };
    for (const before of this.#runs) {
      if (before.state === 'given-back' || this.#forgot(before.at)) continue;
      const sameKey = asked.key !== null && before.asked.key === asked.key && before.asked.scope === asked.scope;
      // A client does not send it to a server that has forgotten all.
      if (before.asked.call === asked.call && (asked.key === null || now < before.at + LIFE)) {
        this.#fail('I11', `request ${asked.call} ran at ${before.at} and again`);
      } else if (sameKey && now < before.at + LIFE && before.at > this.#lostAt) {
        this.#fail(
          'I11',
          `key ${asked.key} of ${asked.scope} ran at ${before.at} for ${before.asked.call}, and for ${asked.call}`,
        );
      }
    }
    this.#runs.push(ran);
    return { run: this.#runs.length, end: (state) => void (ran.state = state) };
  }

  /** The result belongs to the request, or to the first one of its key. */
  answered(asked: Asked, { call, run }: Told): void {
    const ran = this.#runs[run - 1];
    const isOwn = ran?.asked.call === call;
    const fits = asked.key === null ? call === asked.call : ran?.asked.key === asked.key && ran.asked.scope === asked.scope;
    if (!isOwn || !fits) this.#fail('I11', `request ${asked.call} was told the result of ${call}`);
    if (asked.ends !== 'well' && asked.key === null)
      this.#fail('I11', `request ${asked.call} was told a result, and it had none`);
  }

  /** A replica took over that lacks the last `lag` ms. */
  failedOver(lag: number): void {
    const now = this.#now();
    this.#forgotten.push({ from: now - lag, until: now + MOVED, at: now });
  }

  lostStore(): void {
    this.#lostAt = this.#now();
  }

  /** After a quiet time: nobody waits. */
  settle(): void {
    for (const { call } of this.#open.values()) this.#fail('I11', `request ${call} was never answered`);
  }

  /** Whether the claim of a run that began then may be forgotten by now. */
  #forgot(at: number): boolean {
    return this.#forgotten.some(({ from, until, at: since }) => at >= from && at <= until && this.#now() >= since);
  }
}
