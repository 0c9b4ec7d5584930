/** That a number is reported missing only where something was lost: I3. */
import type { ClientFrame } from '../../src/protocol/frame.ts';
import type { Outcome, Receipt } from '../../src/types.ts';

type Fail = (invariant: string, sentence: string) => void;

export class Numbers {
  readonly #fail: Fail;
  /** How it ended, as far as anybody was told. */
  readonly #endOf: (id: string) => Outcome['result'] | null;
  /** What was published under each number of a lane: more than one where a number was given back. */
  readonly #ids = new Map<string, string[]>();
  /** Of a page: whose numbers it has closed as missing. */
  readonly #closed = new Map<string, Set<string>>();

  /** In the log as it is now. */
  readonly #stands: (channel: string, id: string) => boolean;

  constructor(fail: Fail, endOf: (id: string) => Outcome['result'] | null, stands: (channel: string, id: string) => boolean) {
    this.#fail = fail;
    this.#endOf = endOf;
    this.#stands = stands;
  }

  /** A page has published this. Nothing says publicly which number it has. */
  given({ id, place }: GivenReceipt): void {
    if (place === null || place === undefined) return;
    const { lane, record } = place;
    const key = `${lane.channel} ${lane.producer} ${record.sequence}`;
    this.#ids.set(key, [...(this.#ids.get(key) ?? []), id]);
  }

  sent(page: number, frames: readonly ClientFrame[]): void {
    for (const frame of frames) {
      if (frame.t !== 'pub') continue;
      for (const [index, { id }] of frame.items.entries()) {
        const sequence = frame.s + index;
        if (id !== `closed-${sequence}`) continue;
        const key = `${page} ${frame.c} ${sequence}`;
        this.#closed.set(key, (this.#closed.get(key) ?? new Set()).add(frame.p));
      }
    }
  }

  /** @param sequence of an earlier page's publication, which page `page` calls lost */
  missing(page: number, channel: string, sequence: number): void {
    const producers = [...(this.#closed.get(`${page} ${channel} ${sequence}`) ?? [])];
    const ids = producers.flatMap((producer) => this.#ids.get(`${channel} ${producer} ${sequence}`) ?? []);
    const ends = ids.map(this.#endOf);
    // What was accepted and is gone from the log, because its store is, has been lost indeed.
    const isNot = (end: string | null, id: string): boolean =>
      end === 'cancelled' || end === 'expired' || (end === 'accepted' && this.#stands(channel, id));
    if (ids.length === 0 || !ends.every((end, index) => isNot(end, ids[index]!))) return;
    const told = ids.map((id, index) => `${id}, which had ended as ${ends[index]}`).join(', and ');
    this.#fail('I3', `page ${page} calls number ${sequence} of ${channel} lost: ${told}`);
  }
}

interface GivenReceipt extends Pick<Receipt, 'id'> {
  readonly place?: {
    readonly lane: { readonly channel: string; readonly producer: string };
    readonly record: { readonly sequence: number };
  } | null;
}
