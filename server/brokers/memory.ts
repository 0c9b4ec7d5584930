import { isTombstone, type Item, type Result, type WireCursor } from '../../src/protocol/frame.ts';
import { serverEnvironment, type ServerEnvironment } from '../environment.ts';
import type {
  Append,
  Appended,
  Broker,
  Follower,
  From,
  Judged,
  Keep,
  Lane,
  Notice,
  PageLimit,
  Past,
  Read,
  Span,
  Volatile,
} from './broker.ts';
import type { Claim, Claimed, Completion } from './claim.ts';
import { MemoryClaims } from './memory-claims.ts';
import { MemoryLane } from './memory-lane.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryPresences } from './memory-presence.ts';

export interface MemoryBrokerOptions {
  /** @default the platform's */
  readonly environment?: Partial<ServerEnvironment>;
  /** How long a lane is remembered after its last append: the longest life of a publication and a day, ms. @default 96 h */
  readonly laneLife?: number;
  /** Lanes remembered at most; then the one that rested longest goes. @default 1_000_000 */
  readonly maxLanes?: number;
  /** Requests remembered at most, those with a key and those over HTTP; then the oldest goes. @default 200_000 */
  readonly maxClaims?: number;
  /** Bytes of their answers at most; repeats of those that went get `unknown-outcome`. @default 64 MiB */
  readonly maxAnswers?: number;
}

const RELEASED_LIFE = 3_600_000;
const SWEEP_EVERY = 60_000;
const BACK_END_IDS = 1000;
/** Followers do not say how much is kept; a reader or writer will, before there is anything to keep. */
const UNKNOWN: Keep = { entries: 1, age: 1 };

/**
 * One process; nothing survives a restart, of which clients are told by a reset. Several servers may share one. It holds
 * no timer: age is looked at when something is read or appended.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  return new MemoryBroker(options);
}

class MemoryBroker implements Broker {
  readonly name = 'memory';
  readonly presence: MemoryPresences;
  readonly #environment: ServerEnvironment;
  readonly #laneLife: number;
  readonly #maxLanes: number;
  readonly #memory: string;
  readonly #logs = new Map<string, MemoryLog>();
  /** In order of use, to within a sweep. */
  readonly #lanes = new Map<string, MemoryLane>();
  /** Publications of the back end, by channel and id. */
  readonly #published = new Map<string, Map<string, WireCursor>>();
  readonly #claims: MemoryClaims;
  #sweptAt: number;

  constructor(options: MemoryBrokerOptions) {
    this.#environment = serverEnvironment(options.environment);
    this.#laneLife = options.laneLife ?? 345_600_000;
    this.#maxLanes = options.maxLanes ?? 1_000_000;
    this.#claims = new MemoryClaims({ count: options.maxClaims ?? 200_000, bytes: options.maxAnswers ?? 67_108_864 });
    this.#memory = this.#environment.createId();
    this.#sweptAt = this.#environment.now();
    this.presence = new MemoryPresences(this.#environment, {
      tell: (channel, change) => {
        const log = this.#logs.get(channel);
        if (log !== undefined) this.#notify(log, (follower) => follower.onPresence?.(change));
      },
      isFollowed: (channel) => (this.#logs.get(channel)?.followers.size ?? 0) > 0,
    });
  }

  memory(): Promise<string> {
    return Promise.resolve(this.#memory);
  }

  append(request: Append): Promise<Appended> {
    return attempt(() => this.#append(request));
  }

  publish(channel: string, item: Item, by: string | null, keep: Keep): Promise<{ cursor: WireCursor }> {
    return attempt(() => {
      const now = this.#begin();
      const log = this.#log(channel, keep, now);
      let known = this.#published.get(channel);
      if (known === undefined) this.#published.set(channel, (known = new Map()));
      const before = known.get(item.id);
      if (before !== undefined) return { cursor: before };
      const previous = log.topTag;
      const entry = log.append(item, this.#environment.createTag(), by ?? undefined, keep, now);
      if (known.size >= BACK_END_IDS) known.delete(known.keys().next().value!);
      known.set(item.id, log.top);
      this.#notify(log, (follower) => follower.onNotice({ epoch: log.epoch, entry, previous }));
      return { cursor: log.top };
    });
  }

  read(channel: string, from: From, limit: PageLimit, keep: Keep): Promise<Read> {
    return attempt(() => {
      const now = this.#begin();
      const log = this.#log(channel, keep, now);
      log.touch(keep, now);
      log.trim(now);
      return log.read(from, limit);
    });
  }

  history(channel: string, span: Span, limit: PageLimit, keep: Keep): Promise<Past> {
    return attempt(() => {
      const now = this.#begin();
      const log = this.#logs.get(channel);
      if (log === undefined || log.expired(now)) return noPast(span);
      log.touch(keep, now);
      log.trim(now);
      return log.past(span, limit);
    });
  }

  follow(channel: string, follower: Follower): Promise<() => void> {
    return attempt(() => {
      const log = this.#log(channel, UNKNOWN, this.#begin());
      log.followers.add(follower);
      return () => {
        if (log.followers.delete(follower)) log.rest(this.#environment.now());
      };
    });
  }

  tell(channel: string, message: Volatile, origin: string | null): Promise<void> {
    const log = this.#logs.get(channel);
    if (log !== undefined) this.#notify(log, (follower) => follower.onVolatile(message, origin));
    return Promise.resolve();
  }

  claim(claim: Claim): Promise<Claimed> {
    return attempt(() => this.#claims.claim(claim, this.#begin()));
  }

  complete(completion: Completion): Promise<void> {
    return attempt(() => this.#claims.complete(completion, this.#begin()));
  }

  release(lanes: readonly { readonly channel: string; readonly lane: Lane }[]): Promise<void> {
    const soon = this.#environment.now() + RELEASED_LIFE;
    for (const { channel, lane } of lanes) {
      const known = this.#lanes.get(laneKey(channel, lane));
      if (known !== undefined) known.expiresAt = Math.min(known.expiresAt, soon);
    }
    return Promise.resolve();
  }

  onRecheck(): () => void {
    // The memory of a process does not fail over.
    return () => undefined;
  }

  close(): Promise<void> {
    this.#logs.clear();
    this.#lanes.clear();
    this.#published.clear();
    this.presence.clear();
    this.#claims.clear();
    return Promise.resolve();
  }

  #append({ channel, lane: owner, sequence, first, items, keep }: Append): Appended {
    const now = this.#begin();
    const log = this.#log(channel, keep, now);
    const key = laneKey(channel, owner);
    const lane = this.#lane(key, first ? sequence : null, now);
    if (lane === null) return { epoch: log.epoch, results: [], stopped: { code: 'unknown-producer' } };
    if (sequence > lane.last + 1) {
      return { epoch: log.epoch, results: [], stopped: { code: 'out-of-order', expected: lane.last + 1 } };
    }
    const results: Result[] = [];
    const notices: Notice[] = [];
    for (let i = 0; i < items.length; i += 1) {
      const judged = items[i]!;
      if (sequence + i <= lane.last) results.push(lane.repeat(sequence + i, judged.item, log.epoch));
      else {
        const result = this.#consume(log, judged, keep, now, notices);
        lane.record(judged.item.id, result, log.epoch);
        results.push(result);
      }
    }
    for (const notice of notices) this.#notify(log, (follower) => follower.onNotice(notice));
    return { epoch: log.epoch, results, stopped: null };
  }

  #consume(log: MemoryLog, { item, refusal, by }: Judged, keep: Keep, now: number, notices: Notice[]): Result {
    if (isTombstone(item)) return { code: item.x };
    if (refusal !== undefined) return refusal;
    const previous = log.topTag;
    const entry = log.append(item, this.#environment.createTag(), by, keep, now);
    notices.push({ epoch: log.epoch, entry, previous });
    return [entry.o, entry.g];
  }

  #log(channel: string, keep: Keep, now: number): MemoryLog {
    let log = this.#logs.get(channel);
    if (log === undefined || log.expired(now)) {
      log = new MemoryLog(this.#environment.createId(), keep, now);
      this.#logs.set(channel, log);
      this.#published.delete(channel);
    }
    return log;
  }

  /** @param start where to start it if it does not exist; null: nowhere */
  #lane(key: string, start: number | null, now: number): MemoryLane | null {
    let lane = this.#lanes.get(key);
    if (lane !== undefined && now >= lane.expiresAt) lane = undefined;
    if (lane === undefined) {
      if (start === null) return null;
      lane = new MemoryLane(start);
      this.#lanes.delete(key);
      this.#lanes.set(key, lane);
      if (this.#lanes.size > this.#maxLanes) this.#lanes.delete(this.#lanes.keys().next().value!);
    } else if (lane.expiresAt < now + this.#laneLife - SWEEP_EVERY) {
      // Moved to the end of the order, but not for every append of a busy lane.
      this.#lanes.delete(key);
      this.#lanes.set(key, lane);
    }
    lane.expiresAt = now + this.#laneLife;
    return lane;
  }

  #notify(log: MemoryLog, call: (follower: Follower) => void): void {
    for (const follower of log.followers) {
      try {
        call(follower);
      } catch (error) {
        // One that throws starves no other, and is not swallowed either.
        this.#environment.defer(() => {
          throw error;
        });
      }
    }
  }

  #begin(): number {
    const now = this.#environment.now();
    if (now - this.#sweptAt >= SWEEP_EVERY) this.#sweep(now);
    return now;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [channel, log] of this.#logs) {
      log.trim(now);
      if (!log.expired(now)) continue;
      this.#logs.delete(channel);
      this.#published.delete(channel);
    }
    for (const [key, lane] of this.#lanes) if (now >= lane.expiresAt) this.#lanes.delete(key);
    this.#claims.sweep(now);
  }
}

function noPast({ from, to }: Span): Past {
  if (from === undefined && to === undefined) return { ok: true, epoch: '', entries: [], older: null, trimmed: false };
  return { ok: false, place: to === undefined ? 'from' : 'to', why: 'epoch' };
}

/** Length first, so that no user and producer together read as another pair. A channel name holds no space. */
function laneKey(channel: string, { user, producer }: Lane): string {
  return `${channel} ${user.length} ${user}${producer}`;
}

/** The work is done before it returns; only the answer is a promise. */
function attempt<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
