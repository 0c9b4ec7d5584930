/** How publications end, and whether that is so: I1, I3 and I4. */
import type { ClientFrame } from '../../src/protocol/frame.ts';
import type { Outcome } from '../../src/types.ts';
import type { Logs } from './oracle-logs.ts';

type Fail = (invariant: string, sentence: string) => void;

/** Answered publications that a page retains for repair; docs/protocol.md, "Retention". */
const RETAINED = 256;

export class Outcomes {
  readonly #fail: Fail;
  readonly #logs: Logs;
  readonly #outcomes = new Map<string, Outcome>();
  /** Of each id: the page that sent it to the present store, if it is the only one. */
  readonly #senders = new Map<string, string>();
  #disks: 'sound' | 'unsound' = 'sound';
  /** Of each accepted publication: the store that had accepted it, to know whether that one is gone. */
  readonly #eras = new Map<string, number>();

  constructor(fail: Fail, logs: Logs) {
    this.#fail = fail;
    this.#logs = logs;
  }

  /** What a page wrote may be gone: the next cannot know what was sent. */
  excuse(): void {
    this.#disks = 'unsound';
  }

  sent(page: number, frames: readonly ClientFrame[]): void {
    for (const frame of frames) {
      if (frame.t !== 'pub') continue;
      for (const { id } of frame.items) {
        const before = this.#senders.get(id);
        const now = `${page} ${this.#logs.era}`;
        const stale = before === undefined || !before.endsWith(` ${this.#logs.era}`);
        if (stale) this.#senders.set(id, now);
        else if (before !== now) this.#senders.set(id, `several ${this.#logs.era}`);
      }
    }
  }

  ended(page: number, outcome: Outcome): void {
    const key = `${page} ${outcome.id}`;
    const before = this.#outcomes.get(key);
    this.#outcomes.set(key, outcome);
    if (before !== undefined && !mayFollow(before, outcome)) {
      this.#fail('I3', `${outcome.id} ended as ${before.result} and then as ${outcome.result}`);
    }
    if (outcome.result !== 'accepted' || outcome.cursor === null) return;
    const standing = this.#logs.at(outcome.channel, outcome.cursor);
    const { epoch, offset } = outcome.cursor;
    if (standing?.id !== outcome.id) {
      return this.#fail('I4', `${outcome.id} is not at ${epoch}:${offset}, where it was said to be`);
    }
    // Whoever sends it after another page gets the answer to a repeat, and cannot know.
    const alone = this.#senders.get(outcome.id) === `${page} ${this.#logs.era}`;
    if (alone && this.#disks === 'sound' && !outcome.maybeDuplicate && this.#logs.tookBefore(standing)) {
      this.#fail(
        'I1',
        `${outcome.id} was taken by a store that is gone, and page ${page} is not told that it may stand there twice`,
      );
    }
    this.#eras.set(key, standing.era);
  }

  settle(page: number, ids: ReadonlyMap<string, string>): void {
    const later = new Map<string, number>();
    for (const [id, channel] of [...ids].reverse()) {
      const outcome = this.#outcomes.get(`${page} ${id}`);
      if (outcome === undefined) {
        this.#fail('I3', `${id} of page ${page} never ended`);
        continue;
      }
      const standing = this.#logs.find(channel, id);
      if (outcome.result === 'accepted') {
        // What a store took that has lost everything since can be nowhere.
        const lost = this.#logs.era > 1 && this.#eras.get(`${page} ${id}`) !== this.#logs.era;
        const retained = (later.get(channel) ?? 0) < RETAINED;
        if (standing === null && !lost && retained) this.#fail('I4', `${id} of page ${page} was accepted, and is gone`);
      } else if (standing !== null && outcome.result !== 'uncertain' && !this.#logs.split(standing.at)) {
        this.#fail('I1', `${id} of page ${page} ended as ${outcome.result} and stands in the log`);
      }
      later.set(channel, (later.get(channel) ?? 0) + 1);
    }
  }
}

function mayFollow(before: Outcome, after: Outcome): boolean {
  if (before.result === 'uncertain') return after.result !== 'uncertain';
  return before.result === 'accepted' && after.result === 'lost';
}
