/** Drives one subscription by hand: numbers its asks, and notes what came out. */
import { type Effect, type Input, type Subscription, createSubscription, step } from '../../../src/channel/step.ts';
import type { Entry, Mode, ResetReason, Subbed, WireCursor } from '../../../src/protocol/frame.ts';
import type { Cursor } from '../../../src/types.ts';

/** Entry `offset` of a branch of the log; another branch has another tag at the same offset. */
export const entry = (offset: number, branch = 'a'): Entry => ({
  o: offset,
  g: `${branch}${offset}`,
  id: `id-${branch}${offset}`,
  e: 'e',
});
export const entries = (from: number, to: number, branch = 'a'): readonly Entry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => entry(from + index, branch));
export const wire = (offset: number, branch = 'a', epoch = 'E'): WireCursor => [
  epoch,
  offset,
  offset === 0 ? '' : `${branch}${offset}`,
];
export const place = (offset: number, branch = 'a', epoch = 'E'): Cursor => {
  const [, , tag] = wire(offset, branch, epoch);
  return { epoch, offset, tag };
};

type Unnumbered<T> = T extends Input ? Omit<T, 'k'> : never;

export interface Reader {
  readonly sub: Subscription;
  /** The number of the last `sub` that was sent. */
  readonly k: number;
  do(input: Unnumbered<Input>): readonly Effect[];
  ask(gen: number): readonly Effect[];
  /** Answers `k`, by default the last one. */
  subbed(gen: number, answer: Partial<Subbed> & Pick<Subbed, 'ok' | 'cur'>): readonly Effect[];
  msg(gen: number, ...items: readonly Entry[]): readonly Effect[];
  skip(gen: number, offset: number, branch?: string): readonly Effect[];
  gap(gen: number, cursor: WireCursor, why?: ResetReason): readonly Effect[];
  lost(gen: number): readonly Effect[];
  reloaded(cursor?: Cursor | null): readonly Effect[];
}

export function createReader(mode: Mode = 'log'): Reader {
  let sub = createSubscription(mode);
  let numbers = 0;
  let last = 0;
  const run = (input: Unnumbered<Input>): readonly Effect[] => {
    numbers += 1;
    const { next, effects } = step(sub, { ...input, k: numbers } as Input);
    sub = next;
    for (const effect of effects) if (effect.type === 'sub') last = effect.k;
    return effects;
  };
  return {
    get sub() {
      return sub;
    },
    get k() {
      return last;
    },
    do: run,
    ask: (gen) => run({ type: 'ask', gen }),
    subbed: (gen, answer) => run({ type: 'subbed', gen, frame: { t: 'subbed', c: 'room', k: last, ...answer } }),
    msg: (gen, ...items) => run({ type: 'entries', gen, entries: items }),
    skip: (gen, offset, branch = 'a') => run({ type: 'skip', gen, offset, tag: `${branch}${offset}` }),
    gap: (gen, cursor, why = 'trimmed') => run({ type: 'gap', gen, cursor, why }),
    lost: (gen) => run({ type: 'lost', gen }),
    reloaded: (cursor = null) => run({ type: 'reloaded', cursor }),
  };
}

/** A reader in mode `log` that stands at `offset` and is fed by connection 1. */
export function createLive(offset: number): Reader {
  const reader = createReader();
  reader.ask(1);
  reader.subbed(1, { ok: null, cur: wire(offset) });
  return reader;
}

/** What reached the app, by tag. */
export function delivered(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'deliver' ? effect.entries.map(({ entry: { g } }) => g) : []));
}

export const kinds = (effects: readonly Effect[]): readonly string[] => effects.map(({ type }) => type);

/** Where the `sub` that was sent begins. */
export function askedFrom(effects: readonly Effect[]): { readonly gen: number; readonly offset: number | null } | null {
  const asked = effects.find((effect) => effect.type === 'sub');
  return asked === undefined ? null : { gen: asked.gen, offset: asked.cursor?.offset ?? null };
}
