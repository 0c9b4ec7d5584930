/** What became of this tab's connection and messages in the last minutes: which transport carried when, and why. */
export type Tick = 'published' | 'accepted' | 'received';

export interface Span {
  readonly transport: string;
  readonly from: number;
  /** Null: it carries now. */
  readonly to: number | null;
}

/** A transport was chosen. */
export interface Switch {
  readonly at: number;
  readonly transport: string;
  /** In words. */
  readonly why: string;
}

export interface History {
  /** @param transport null while nothing carries */
  carries(transport: string | null): void;
  chosen(detail: Readonly<Record<string, unknown>>): void;
  tick(kind: Tick): void;
  spans(): readonly Span[];
  switches(): readonly Switch[];
  /** Counts of each step of time since `from`, by the number of the step. */
  ticks(kind: Tick, from: number): ReadonlyMap<number, number>;
}

/** ms that are remembered. */
export const SHOWN = 90_000;
/** ms of one step, in which ticks are counted together. */
export const STEP = 300;

/** @param forbidden names of what this tab may not use now */
export function createHistory(labelOf: (name: string) => string, forbidden: () => readonly string[], now: () => number): History {
  let spans: Span[] = [];
  let switches: Switch[] = [];
  const counts: Readonly<Record<Tick, Map<number, number>>> = { published: new Map(), accepted: new Map(), received: new Map() };

  /** What the client says of a choice is for programs. */
  function words({ why, passed }: Readonly<Record<string, unknown>>): string {
    const others = (Array.isArray(passed) ? passed : []).map(readPassed);
    const told = others
      .map(({ transport, end }) => `${labelOf(transport)} ${end === 'slow' ? 'was slow' : `failed (${end})`}`)
      .join(', ');
    // To the client it is as if the browser had none of these.
    const gone = forbidden().map(labelOf);
    switch (why === 'remembered' && gone.length > 0 ? 'forbidden' : why) {
      case 'forbidden':
        return `${gone.join(' and ')} ${gone.length === 1 ? 'was' : 'were'} forbidden`;
      case 'preferred':
        return 'the first choice';
      case 'remembered':
        return 'it worked here lately';
      case 'better':
        return 'a better one than before';
      case 'others-failed':
      case 'others-slow':
        return told === '' ? 'the others failed' : told;
      default:
        return String(why);
    }
  }

  return {
    carries(transport) {
      const last = spans.at(-1);
      const current = last?.to === null ? last : undefined;
      if ((current?.transport ?? null) === transport) return;
      const at = now();
      if (current !== undefined) spans[spans.length - 1] = { ...current, to: at };
      if (transport !== null) spans.push({ transport, from: at, to: null });
      spans = spans.filter(({ to }) => to === null || to > at - SHOWN);
    },
    chosen(detail) {
      const at = now();
      switches = switches.filter((past) => past.at > at - SHOWN);
      switches.push({ at, transport: String(detail['transport']), why: words(detail) });
    },
    tick(kind) {
      const step = Math.floor(now() / STEP);
      const of = counts[kind];
      of.set(step, (of.get(step) ?? 0) + 1);
      // In order of time, as maps keep it.
      for (const old of of.keys()) {
        if (old >= step - SHOWN / STEP) break;
        of.delete(old);
      }
    },
    spans: () => spans,
    switches: () => switches,
    ticks: (kind) => counts[kind],
  };
}

function readPassed(passed: unknown): { readonly transport: string; readonly end: string } {
  const { transport, why } = typeof passed === 'object' && passed !== null ? (passed as Record<string, unknown>) : {};
  return { transport: String(transport), end: String(why) };
}
