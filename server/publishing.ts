import type { ClientTell, Nack, NackCode, Pub, ServerFrame } from '../src/protocol/frame.ts';
import { isTombstone } from '../src/protocol/frame.ts';
import { toPlain } from '../src/protocol/payload.ts';
import type { Appended } from './brokers/broker.ts';
import { type Draft, draftsOf } from './drafts.ts';
import type { Match } from './rules.ts';
import type { Services } from './services.ts';
import type { User } from './types.ts';
import {
  askRule,
  FORBIDDEN,
  isThenable,
  RuleContext,
  type Verdict,
  verdictOf,
  verdictOfError,
  verdictOfFault,
  within,
} from './verdict.ts';

/** What publishing needs of its connection. */
export interface PublishingHost {
  readonly user: User;
  /** Id of the user, empty for an anonymous visitor. */
  readonly userId: string;
  readonly client: string;
  /** Whose allowance is used up. */
  readonly payer: string;
  readonly tokenExpired: boolean;
  send(frame: ServerFrame): void;
  /** 4413: the client sends smaller batches. */
  tooLarge(why: string): void;
  /** Perhaps nothing is left that waits for an answer. */
  onSettled(): void;
}

/** Items taken in and not yet answered, on one connection: four times what a client has under way. */
const UNANSWERED = 1024;
const RETRY_AFTER = 1000;

type Stop = Pick<Nack, 'code' | 'after'> & { readonly code: NackCode };

interface Batch {
  readonly frame: Pub;
  readonly drafts: readonly Draft[];
  readonly match: Match | null;
  readonly context: RuleContext;
  /** Items to be looked at; the rest is refused by `stop`. */
  count: number;
  stop: Stop | null;
  /** Answer of a rule that is the same for all events. */
  verdict: Verdict | null;
}

/** What clients publish on one connection: judged in order, appended in one step for each frame, answered. */
export class Publishing {
  readonly #services: Services;
  readonly #host: PublishingHost;
  /** Lanes whose rule is thinking, and what came for them meanwhile. */
  readonly #lanes = new Map<string, Batch[]>();
  /** The last batch of each lane that is not answered, for a reason of the store or of one ahead of it. */
  readonly #writing = new Map<string, Promise<void>>();
  readonly #contexts = new Set<RuleContext>();
  #unanswered = 0;
  #ended = false;

  constructor(services: Services, host: PublishingHost) {
    this.#services = services;
    this.#host = host;
  }

  /** Nothing that came waits for a rule or the store. */
  get idle(): boolean {
    return this.#lanes.size + this.#writing.size + this.#contexts.size === 0;
  }

  end(): void {
    this.#ended = true;
    this.#lanes.clear();
    for (const context of this.#contexts) context.abort(new Error('the connection has ended'));
  }

  onPub(frame: Pub): void {
    const { limits, allowance, counters, environment, rules } = this.#services;
    const { length } = frame.items;
    if (length > limits.items) return this.#host.tooLarge(`a batch of ${length} items, the limit is ${limits.items}`);
    const match = rules(frame.c);
    const by = match?.rule.showUser === true ? this.#host.userId : '';
    // Payloads first: the size of a batch is known before any rule runs.
    const { drafts, bytes } = draftsOf(frame.items, by, limits);
    if (length > 1 && bytes > limits.batch) {
      return this.#host.tooLarge(`a batch of ${bytes} bytes, the limit is ${limits.batch}`);
    }
    if (length === 0) return;
    if (this.#host.tokenExpired) return this.#turnAway(frame, { code: 'token-expired' });
    if (this.#unanswered + length > UNANSWERED) return this.#turnAway(frame, { code: 'unavailable', after: RETRY_AFTER });
    const now = environment.now();
    const count = allowance.take(this.#host.payer, length, now);
    let stop: Stop | null = null;
    if (count < length) {
      counters.rateLimited += 1;
      stop = { code: 'rate-limited', after: allowance.wait(this.#host.payer, now) };
      if (count === 0) return this.#turnAway(frame, stop);
    }
    this.#unanswered += count;
    const context = new RuleContext(this.#host.user, frame.c, match?.params ?? {});
    const batch: Batch = { frame, drafts, match, context, count, stop, verdict: null };
    const busy = this.#lanes.size === 0 ? undefined : this.#lanes.get(laneKey(frame));
    if (busy === undefined) this.#judge(batch, 0);
    else busy.push(batch);
  }

  #judge(batch: Batch, from: number): void {
    for (let i = from; i < batch.count; i += 1) {
      const draft = batch.drafts[i]!;
      if (draft.refusal !== undefined || isTombstone(draft.item)) continue;
      const answer = this.#ask(batch, draft.item);
      if (isThenable(answer)) return this.#wait(batch, i, answer);
      if (!this.#apply(batch, i, answer)) break;
    }
    this.#append(batch);
  }

  /** The lane waits, others go on. */
  #wait(batch: Batch, index: number, answer: PromiseLike<unknown>): void {
    const key = laneKey(batch.frame);
    const waiting: Batch[] = [];
    this.#lanes.set(key, waiting);
    this.#contexts.add(batch.context);
    const settle = (verdict: Verdict): void => {
      this.#contexts.delete(batch.context);
      if (this.#ended) return;
      this.#lanes.delete(key);
      if (typeof batch.match?.rule.publish === 'function') batch.verdict = verdict;
      if (this.#apply(batch, index, verdict)) this.#judge(batch, index + 1);
      else this.#append(batch);
      // The batch may wait again, then so does what came after it.
      while (waiting.length > 0 && !this.#lanes.has(key)) this.#judge(waiting.shift()!, 0);
      this.#lanes.get(key)?.push(...waiting);
    };
    const fail = (error: unknown): void => {
      batch.context.abort(error instanceof Error ? error : new Error('the rule failed'));
      settle(verdictOfError(error));
    };
    const { environment, timing } = this.#services;
    within(environment, timing.ruleTimeout, answer, (value) => settle(verdictOf(value)), fail);
  }

  #ask(batch: Batch, item: { readonly e: string; readonly d?: unknown }): Verdict | PromiseLike<unknown> {
    if (batch.match === null) return FORBIDDEN;
    const { publish, mode } = batch.match.rule;
    if (mode === 'live')
      return { say: 'no', refusal: { code: 'invalid', message: 'this channel keeps no log: publish volatile' } };
    if (publish === false) return FORBIDDEN;
    if (batch.verdict !== null && batch.verdict.say !== 'yes') return batch.verdict;
    const checked = this.#services.checks?.event('events', batch.frame.c, item.e, item.d);
    if (checked?.ok === false) return verdictOfFault(checked.error);
    if (batch.verdict !== null) return batch.verdict;
    const answer = askRule(publish, item.e, checked === undefined ? item.d : checked.value, batch.context);
    if (typeof publish !== 'object' && !isThenable(answer)) batch.verdict = answer;
    return answer;
  }

  /** @returns whether to go on with the next item */
  #apply(batch: Batch, index: number, verdict: Verdict): boolean {
    if (verdict.say === 'no') batch.drafts[index]!.refusal = verdict.refusal;
    if (verdict.say !== 'later') return true;
    if ('fault' in verdict)
      this.#services.report('rule-failed', { channel: batch.frame.c, rule: 'publish', error: verdict.fault });
    const { allowance, environment } = this.#services;
    this.#unanswered -= batch.count - index;
    allowance.refund(this.#host.payer, batch.count - index, environment.now());
    batch.count = index;
    batch.stop = { code: 'unavailable', ...(verdict.after === undefined ? undefined : { after: verdict.after }) };
    return false;
  }

  #append(batch: Batch): void {
    const { frame, match, count, drafts } = batch;
    if (count === 0) return this.#turnAway(frame, batch.stop!);
    const { broker, environment } = this.#services;
    const request = {
      channel: frame.c,
      lane: { user: this.#host.userId, producer: frame.p },
      sequence: frame.s,
      first: frame.first === true,
      items: count === drafts.length ? drafts : drafts.slice(0, count),
      keep: match?.rule.keep ?? NOTHING,
    };
    const key = laneKey(frame);
    const ahead = this.#writing.get(key);
    const inTurn = (tell: () => void): void | Promise<void> => (ahead === undefined ? tell() : ahead.then(tell));
    const written = broker.append(request).then(
      (appended) =>
        inTurn(() => {
          this.#unanswered -= count;
          this.#answer(batch, appended);
        }),
      (error: unknown) =>
        inTurn(() => {
          this.#unanswered -= count;
          this.#services.report('broker-failed', { channel: frame.c, error });
          this.#services.allowance.refund(this.#host.payer, count, environment.now());
          this.#nack(frame, 0, { code: 'unavailable', after: RETRY_AFTER });
        }),
    );
    this.#follow(key, written);
  }

  /** Refuses a batch at the door, but not before those ahead of it in its lane are answered: answers keep their order. */
  #turnAway({ c, p, s }: Pub, stop: Stop): void {
    const key = laneKey({ c, p });
    const ahead = this.#writing.get(key);
    // Only what the answer needs: the items of what is refused must not be held.
    const tell = (): void => this.#nack({ c, p, s }, 0, stop);
    if (ahead === undefined) tell();
    else this.#follow(key, ahead.then(tell));
  }

  #follow(key: string, answered: Promise<void>): void {
    this.#writing.set(key, answered);
    void answered.then(() => {
      if (this.#writing.get(key) === answered) this.#writing.delete(key);
      this.#host.onSettled();
    });
  }

  #answer({ frame, count, stop }: Batch, { epoch, results, stopped }: Appended): void {
    const { allowance, counters, environment } = this.#services;
    for (const result of results) if (Array.isArray(result)) counters.published += 1;
    if (results.length > 0) this.#host.send({ t: 'ack', c: frame.c, p: frame.p, s: frame.s, ep: epoch, r: results });
    if (stopped !== null) {
      allowance.refund(this.#host.payer, count - results.length, environment.now());
      this.#nack(frame, results.length, stopped);
    } else if (stop !== null) this.#nack(frame, count, stop);
  }

  #nack({ c, p, s }: Pick<Pub, 'c' | 'p' | 's'>, looked: number, stop: Omit<Nack, 't' | 'c' | 'p' | 's'>): void {
    this.#host.send({ t: 'nack', c, p, s: s + looked, ...stop });
  }

  /** The page is done with these lanes for good. */
  release(done: readonly { readonly c: string; readonly p: string }[]): void {
    if (done.length === 0) return;
    const { broker } = this.#services;
    const lanes = done.map(({ c, p }) => ({ channel: c, lane: { user: this.#host.userId, producer: p } }));
    broker.release(lanes).catch((error: unknown) => this.#services.report('broker-failed', { error }));
  }

  /** Volatile: whatever stands in its way, it is dropped and counted. */
  onTell(frame: ClientTell): void {
    const { allowance, checks, environment, limits, rules, timing, counters } = this.#services;
    const { c, id, e } = frame;
    const match = rules(c);
    const plain = toPlain(frame.d, limits);
    const taken = match !== null && plain.ok && !this.#host.tokenExpired && this.#contexts.size < limits.items;
    if (!taken || allowance.take(this.#host.payer, 1, environment.now()) === 0) {
      counters.droppedVolatile += 1;
      return;
    }
    const by = match.rule.showUser && this.#host.userId !== '' ? { by: this.#host.userId } : undefined;
    const context = new RuleContext(this.#host.user, c, match.params);
    const settle = (verdict: Verdict): void => {
      this.#contexts.delete(context);
      if (verdict.say === 'later' && 'fault' in verdict)
        this.#services.report('rule-failed', { channel: c, rule: 'publish', error: verdict.fault });
      if (verdict.say === 'yes' && !this.#ended)
        this.#tell(c, { id, e, ...(plain.data === undefined ? undefined : { d: plain.data }), ...by });
      else counters.droppedVolatile += 1;
      this.#host.onSettled();
    };
    const checked = checks?.event('volatile', c, e, plain.data);
    if (checked?.ok === false) return settle(verdictOfFault(checked.error));
    const answer = askRule(match.rule.publish, e, checked === undefined ? plain.data : checked.value, context);
    if (!isThenable(answer)) return settle(answer);
    this.#contexts.add(context);
    const fail = (error: unknown): void => settle(verdictOfError(error));
    within(environment, timing.ruleTimeout, answer, (value) => settle(verdictOf(value)), fail);
  }

  #tell(channel: string, message: { readonly id: string; readonly e: string }): void {
    this.#services.broker.tell(channel, message, this.#host.client).catch((error: unknown) => {
      this.#services.counters.droppedVolatile += 1;
      this.#services.report('broker-failed', { channel, error });
    });
  }
}

const NOTHING = { entries: 1, age: 1 };

const laneKey = ({ c, p }: Pick<Pub, 'c' | 'p'>): string => `${c} ${p}`;
