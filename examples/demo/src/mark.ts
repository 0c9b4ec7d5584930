import type { HoldfastError } from 'holdfast';
import { h, icon } from './dom.ts';
import type { ReceiptState } from './library.ts';

/** What the small sign beside an own message says. */
export interface Mark {
  readonly state: 'waiting' | 'sent' | 'accepted' | 'failed';
  /** For the tooltip and for screen readers. */
  readonly text: string;
  /** Why it failed, to be read without hovering. */
  readonly reason: string | null;
  readonly offset: number | null;
}

const ends = {
  cancelled: 'Cancelled: it was never sent, or the server dropped it.',
  expired: 'Expired before it could be sent.',
  closed: 'Closed: another page ended it.',
  uncertain: 'Uncertain: it may or may not have arrived.',
  lost: 'Lost: the server had accepted it and then lost its log.',
} as const;

/** `app` only says that a rule of the server's own refused it; the rule's code says more. */
function refusal({ code, details, message }: HoldfastError): string {
  return `Refused (${details.appCode ?? code}): ${message}`;
}

export function markOf(state: ReceiptState): Mark {
  if (state.state === 'pending') {
    return state.attempted
      ? { state: 'sent', text: 'Sent, no answer yet. It stays in the outbox until there is one.', reason: null, offset: null }
      : { state: 'waiting', text: 'Waiting in this tab’s outbox.', reason: null, offset: null };
  }
  const { outcome } = state;
  if (outcome.result === 'accepted') {
    const offset = outcome.cursor?.offset ?? null;
    const where = offset === null ? 'In the log.' : `In the log at offset ${offset}.`;
    const doubt = outcome.maybeDuplicate ? ' The server forgot its log in between, so an earlier log may have had it too.' : '';
    return { state: 'accepted', text: where + doubt, reason: null, offset };
  }
  const reason = outcome.result === 'rejected' ? refusal(outcome.error) : ends[outcome.result];
  return { state: 'failed', text: reason, reason, offset: null };
}

const icons = { waiting: 'clock', sent: 'sent', accepted: 'check', failed: 'fail' } as const;

export function markView(mark: Mark): HTMLElement {
  return h(
    'span',
    { class: 'mark', title: mark.text, data: { mark: mark.state } },
    icon(icons[mark.state]),
    // A reason stands beside it in words already.
    mark.reason === null ? h('span', { class: 'hidden' }, mark.text) : null,
  );
}
