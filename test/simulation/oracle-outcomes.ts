/** How publications end, and whether that is so: I1, I3 and I4. */
import type { Outcome } from '../../src/types.ts';
import type { Logs } from './oracle-logs.ts';

type Fail = (invariant: string, sentence: string) => void;

/** Answered publications that a page retains for repair; docs/protocol.md, "Retention". */
const RETAINED = 256;

export class Outcomes {
  readonly #fail: Fail;
  readonly #logs: Logs;
  readonly #outcomes = new Map<string, Outcome>();
  /** Of each accepted publication: the store that had accepted it, to know whether that one is gone. */
  readonly #eras = new Map<string, number>();
  /** Of each page and channel: what was answered, in order. */
  readonly #answered = new Map<string, string[]>();

  constructor(fail: Fail, logs: Logs) {
    this.#fail = fail;
    this.#logs = logs;
  }

  ended(page: number, outcome: Outcome): void {
    const key = `${page} ${outcome.id}`;
    const before = this.#outcomes.get(key);
    this.#outcomes.set(key, outcome);
    if (before !== undefined && !mayFollow(before, outcome)) {
      this.#fail('I3', `${outcome.id} ended as ${before.result} and then as ${outcome.result}`);
    }
    if (before === undefined) this.#answeredOn(page, outcome.channel).push(outcome.id);
    if (outcome.result !== 'accepted' || outcome.cursor === null) return;
    const standing = this.#logs.at(outcome.channel, outcome.cursor);
    const { epoch, offset } = outcome.cursor;
    if (standing?.id !== outcome.id) {
      return this.#fail('I4', `${outcome.id} is not at ${epoch}:${offset}, where it was said to be`);
    }
    this.#eras.set(key, standing.era);
  }

  settle(page: number, ids: ReadonlyMap<string, string>): void {
    for (const [id, channel] of ids) {
      const outcome = this.#outcomes.get(`${page} ${id}`);
      if (outcome === undefined) {
        this.#fail('I3', `${id} of page ${page} never ended`);
        continue;
      }
      const stands = this.#logs.holds(channel, id);
      if (outcome.result === 'accepted') {
        // What a store took that has lost everything since can be nowhere.
        const lost = this.#logs.era > 1 && this.#eras.get(`${page} ${id}`) !== this.#logs.era;
        const answered = this.#answeredOn(page, channel);
        const retained = answered.indexOf(id) >= answered.length - RETAINED;
        if (!stands && !lost && retained) this.#fail('I4', `${id} of page ${page} was accepted, and is gone without a word`);
      } else if (stands && outcome.result !== 'uncertain') {
        this.#fail('I1', `${id} of page ${page} ended as ${outcome.result} and stands in the log`);
      }
    }
  }

  #answeredOn(page: number, channel: string): string[] {
    const key = `${page} ${channel}`;
    let answered = this.#answered.get(key);
    if (answered === undefined) this.#answered.set(key, (answered = []));
    return answered;
  }
}

function mayFollow(before: Outcome, after: Outcome): boolean {
  if (before.result === 'uncertain') return after.result !== 'uncertain';
  return before.result === 'accepted' && after.result === 'lost';
}
