/** How pages connect and how much is under way: I13 and I14. */
import type { ClientFrame, ServerFrame, Subbed } from '../../src/protocol/frame.ts';
import { END } from '../../src/protocol/end-codes.ts';
import type { Status } from '../../src/types.ts';

type Fail = (invariant: string, sentence: string) => void;

/** Publications of one lane on the newest connection that carried any. */
interface LaneUp {
  connection: number;
  sent: number;
  answered: number;
  /** What is under way, but for what is shown again, by sequence: the batch that it is in. */
  readonly under: Map<number, { readonly from: number; readonly to: number }>;
}

type Moment = readonly [page: number, real: number];

interface Life {
  state: Status['state'];
  /** As the client says: tells a connection that it kept from a new one. */
  since: number;
  /** By the page's clock, which may have been set, and by ours. */
  connectedAt: Moment;
  /** Attempts that failed since a connection lived long enough. */
  failures: number;
}

const MINUTE = 60_000;
const ATTEMPTS_A_MINUTE = 15;
/** Attempts of three transports, a poll a second, a heartbeat. */
const REQUESTS_A_MINUTE = 150;
/** A poll for what came, a publication, another try. */
const REQUESTS_FOR_NEWS = 2;
const STABLE_AFTER = 10_000;
const LANE_WINDOW = 64;
const CONNECTION_WINDOW = 256;
/** Beyond the bound and a page: `welcome`, a `bye`, one frame. */
const SLACK = 4096;

export class Connections {
  readonly #now: () => number;
  readonly #fail: Fail;
  readonly #attempts = new Map<number, number[]>();
  readonly #hellos = new Map<number, { readonly last: number; readonly at: readonly number[] }>();
  /** Times of requests, and of frames that are a reason for one. */
  readonly #requests = new Map<number, { readonly at: number[]; readonly news: number[] }>();
  /** The newest entry that the last `subbed` with any brought, by page and channel. */
  readonly #brought = new Map<string, string>();
  readonly #lives = new Map<number, Life>();
  readonly #lanes = new Map<number, Map<string, LaneUp>>();
  /** Pages that a server sent away: since when, and how far they should spread, ms. */
  readonly #sentAway = new Map<number, { readonly at: number; readonly spread: number }>();
  /** Arrivals after a drain, by quarter of the spread; the last is beyond it. */
  readonly arrivals = [0, 0, 0, 0, 0];

  constructor(now: () => number, fail: Fail) {
    this.#now = now;
    this.#fail = fail;
  }

  attempted(page: number): void {
    const now = this.#now();
    const attempts = (this.#attempts.get(page) ?? []).filter((at) => at > now - 60_000);
    attempts.push(now);
    this.#attempts.set(page, attempts);
    if (attempts.length > ATTEMPTS_A_MINUTE) {
      this.#fail('I13', `page ${page} made ${attempts.length} attempts within a minute`);
    }
    const away = this.#sentAway.get(page);
    if (away === undefined || away.spread === 0) return;
    this.#sentAway.delete(page);
    this.arrivals[Math.min(4, Math.floor(((now - away.at) * 4) / (away.spread + 1)))]! += 1;
  }

  /** Hellos come up to 20 s after their attempt. @param ways transports that one attempt may try */
  greeted(page: number, gen: number, ways: number): void {
    const { last, at } = this.#hellos.get(page) ?? { last: 0, at: [] };
    if (gen <= last) return;
    const now = this.#now();
    const recent = [...at.filter((time) => time > now - MINUTE), now];
    this.#hellos.set(page, { last: gen, at: recent });
    if (recent.length > 2 * ATTEMPTS_A_MINUTE * ways) {
      this.#fail('I13', `page ${page} said hello on ${recent.length} connections within a minute`);
      this.#hellos.set(page, { last: gen, at: [] });
    }
  }

  requested(page: number): void {
    const now = this.#now();
    const { at, news } = this.#traffic(page);
    at.push(now);
    while (at[0]! <= now - MINUTE) at.shift();
    while (news[0]! <= now - MINUTE) news.shift();
    if (at.length > REQUESTS_A_MINUTE + REQUESTS_FOR_NEWS * news.length) {
      this.#fail('I13', `page ${page} made ${at.length} requests within a minute, for ${news.length} frames of news`);
      at.length = 0;
    }
  }

  /** An `attempt` that is too low waits too short: the backoff was reset by a connection that did not last. */
  status(page: number, status: Status, now: number): void {
    const life = this.#lives.get(page) ?? { state: 'idle', since: -1, connectedAt: [0, 0], failures: 0 };
    const before = life.state;
    const lived = lifetime(life.connectedAt, [now, this.#now()]);
    const left = before === 'connected' && (status.state !== 'connected' || status.since !== life.since);
    if (left && lived >= STABLE_AFTER) life.failures = 0;
    this.#lives.set(page, life);
    life.state = status.state;
    if (status.state === 'connected') {
      if (status.since !== life.since) life.connectedAt = [now, this.#now()];
      life.since = status.since;
      return;
    }
    // Without a reason it is the app that began anew: a pause that ends at once is told to nobody.
    if (status.state === 'idle' || status.state === 'closed' || status.reason === null) {
      life.failures = 0;
      this.#sentAway.delete(page);
      return;
    }
    // One that is being opened beside a connection in doubt may be dropped again: only a wait says that both are gone.
    const failed = status.state !== 'connecting' && (before === 'connecting' || (left && lived < STABLE_AFTER));
    if (failed && status.reason.code !== END.goingAway) life.failures += 1;
    if (status.attempt < 1 + life.failures) {
      this.#fail('I13', `page ${page} calls this attempt ${status.attempt} after ${life.failures} that failed`);
    }
  }

  sentUp(page: number, connection: number, frames: readonly ClientFrame[]): void {
    for (const frame of frames) {
      if (frame.t === 'pub' || frame.t === 'tell' || frame.t === 'hist' || frame.t === 'pres')
        this.#traffic(page).news.push(this.#now());
      if (frame.t !== 'pub') continue;
      const lane = this.#lane(page, frame.c, frame.p, frame.s - 1);
      if (connection > lane.connection) {
        Object.assign(lane, { connection, sent: 0 });
        lane.under.clear();
      }
      // Nobody skips a number: what this page has not sent here was answered to whoever had the lane in between.
      if (frame.s > lane.sent + 1) lane.answered = Math.max(lane.answered, frame.s - 1);
      const batch = { from: frame.s, to: frame.s + frame.items.length - 1 };
      for (let sequence = Math.max(batch.from, lane.answered + 1); sequence <= batch.to; sequence += 1) {
        lane.under.set(sequence, batch);
      }
      lane.sent = Math.max(lane.sent, batch.to);
      const unanswered = lane.sent - lane.answered;
      if (unanswered > LANE_WINDOW) this.#fail('I14', `page ${page} has ${unanswered} unanswered in one lane of ${frame.c}`);
      const all = this.#unanswered(page, connection);
      if (all > CONNECTION_WINDOW) this.#fail('I14', `page ${page} has ${all} unanswered on one connection`);
    }
  }

  cameDown(page: number, connection: number, frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      const isNews = frame.t === 'subbed' ? this.#brings(page, frame) : frame.t !== 'welcome' && frame.t !== 'ping';
      if (isNews) this.#traffic(page).news.push(this.#now());
      if (frame.t === 'bye' && frame.code === END.goingAway) {
        this.#sentAway.set(page, { at: this.#now(), spread: frame.spread ?? 0 });
      } else if (frame.t === 'ack') {
        const lane = this.#lane(page, frame.c, frame.p);
        const end = frame.s + frame.r.length - 1;
        lane.answered = Math.max(lane.answered, end);
        if (lane.connection === connection)
          for (const sequence of lane.under.keys()) if (sequence <= end) lane.under.delete(sequence);
      } else if (frame.t === 'nack') {
        const lane = this.#lane(page, frame.c, frame.p);
        if (lane.connection === connection) lane.sent = Math.min(lane.sent, Math.max(lane.answered, frame.s - 1));
        const batch = lane.connection === connection ? lane.under.get(Math.max(frame.s, lane.answered + 1)) : undefined;
        if (batch === undefined || batch.from > frame.s) continue;
        // Batches behind it may be on their way still.
        for (let sequence = frame.s; sequence <= batch.to; sequence += 1) lane.under.delete(sequence);
      }
    }
  }

  queued(page: number, bytes: number, limit: number): void {
    if (bytes > 2.5 * limit + SLACK) this.#fail('I14', `${bytes} bytes wait for page ${page}, the bound is ${limit}`);
  }

  /** A page that is behind a long log is brought it part by part, one with each poll; the same part again is no news. */
  #brings(page: number, { c, items = [] }: Subbed): boolean {
    const newest = items.at(-1)?.g;
    const key = `${page} ${c}`;
    if (newest === undefined || newest === this.#brought.get(key)) return false;
    this.#brought.set(key, newest);
    return true;
  }

  #traffic(page: number): { readonly at: number[]; readonly news: number[] } {
    let traffic = this.#requests.get(page);
    if (traffic === undefined) this.#requests.set(page, (traffic = { at: [], news: [] }));
    return traffic;
  }

  #unanswered(page: number, connection: number): number {
    let all = 0;
    for (const lane of this.#lanes.get(page)!.values()) {
      if (lane.connection === connection) all += Math.min(lane.under.size, Math.max(0, lane.sent - lane.answered));
    }
    return all;
  }

  /** @param below what another page of the profile had sent of it, as far as this one knows */
  #lane(page: number, channel: string, producer: string, below = 0): LaneUp {
    let lanes = this.#lanes.get(page);
    if (lanes === undefined) this.#lanes.set(page, (lanes = new Map()));
    const key = `${channel} ${producer}`;
    let lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, (lane = { connection: 0, sent: below, answered: below, under: new Map() }));
    return lane;
  }
}

/** Who set the page's clock meanwhile may have made it any length. */
function lifetime([page, real]: Moment, [pageNow, realNow]: Moment): number {
  return pageNow - page === realNow - real ? realNow - real : Infinity;
}
