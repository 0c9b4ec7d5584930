import type { Choice } from '../connection/ladder.ts';
import type { Status } from '../types.ts';
import type { Check } from '../types/diagnosis.ts';
import { VERSION } from '../version.ts';

export interface SummaryParts {
  /** Without a query. */
  readonly url: string;
  readonly status: Status;
  readonly now: number;
  readonly checks: readonly Check[];
  readonly choices: readonly Choice[];
}

/** Choices that a report shows. */
const SHOWN = 5;

/** For a bug report: nothing in it that only its author may know, but the address. */
export function summarize({ url, status, now, checks, choices }: SummaryParts): string {
  return [
    `holdfast ${VERSION}, ${url}, ${wordsOf(status)}`,
    ...checks.map(
      ({ name, ok, ms, problem }) => `${ok ? 'ok  ' : 'FAIL'} ${name}, ${ms} ms${problem === null ? '' : `: ${problem}`}`,
    ),
    ...choices.slice(-SHOWN).map(({ at, transport, why, passed }) => {
      const others = passed.map((one) => `${one.transport} ${one.why}`).join(', ');
      const ago = Math.max(0, Math.round((now - at) / 1000));
      return `${transport} chosen ${ago} s ago: ${why}${others === '' ? '' : ` (${others})`}`;
    }),
  ].join('\n');
}

function wordsOf(status: Status): string {
  if (status.state === 'connected') return `connected over ${status.transport}`;
  if (!('reason' in status) || status.reason === null) return status.state;
  const { code, name, by } = status.reason;
  return `${status.state} after ${code} ${name} by ${by}`;
}
