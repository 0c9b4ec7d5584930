/** What a banner should say: nothing for the first moments of a downtime, and no flicker when a connection comes and goes. */
import type { Status, UiStatus } from '../types.ts';

/** A connection that lasts this long ends what was counted so far, ms. */
const FORGIVEN_AFTER = 10_000;
/** A look this late means that the page stood still, and nobody saw that there was no connection. ms */
const LATE = 1000;

/** Downtime so far: it adds up over connections that do not last, and only while the page is shown. */
export interface Downtime {
  /** ms, up to `from`. */
  readonly spent: number;
  /** Counted since; null while nothing is counted. */
  readonly from: number | null;
  /** When the connection was lost, or first wanted. */
  readonly downSince: number | null;
  readonly upSince: number | null;
  /** Whether there has been a connection to get back to. */
  readonly history: 'new' | 'known';
  /** When to look again. */
  readonly due: number | null;
}

export interface Look {
  readonly status: Status;
  readonly visible: boolean;
  readonly now: number;
  /** ms of downtime that are not worth a word */
  readonly grace: number;
}

export const NO_DOWNTIME: Downtime = { spent: 0, from: null, downSince: null, upSince: null, history: 'new', due: null };
const HIDDEN: UiStatus = { banner: 'hidden' };

export function lookAt(before: Downtime, look: Look): { readonly downtime: Downtime; readonly uiStatus: UiStatus } {
  const { status, now } = look;
  const spent = before.spent + counted(before, now);
  switch (status.state) {
    case 'idle':
      // Also while the page rests, after which it goes on where it was.
      return { downtime: { ...NO_DOWNTIME, history: before.history }, uiStatus: HIDDEN };
    case 'connected':
      return { downtime: up(spent, before.upSince ?? now, now), uiStatus: HIDDEN };
    case 'closed': {
      const since = before.downSince ?? now;
      return { downtime: { ...NO_DOWNTIME, downSince: since }, uiStatus: { banner: 'ended', since, error: status.reason.error } };
    }
    default: {
      const since = before.downSince ?? now;
      const downtime = down({ ...before, spent, downSince: since }, look);
      return { downtime, uiStatus: spent < look.grace ? HIDDEN : bannerOf(status, since, before.history) };
    }
  }
}

function counted({ from, due }: Downtime, now: number): number {
  if (from === null || (due !== null && now - due > LATE)) return 0;
  return Math.max(0, now - from);
}

function up(spent: number, since: number, now: number): Downtime {
  // A clock that was set back must not put the end of it off.
  const upSince = Math.min(since, now);
  const forgiven = now - upSince >= FORGIVEN_AFTER;
  const due = spent === 0 || forgiven ? null : upSince + FORGIVEN_AFTER;
  return { spent: forgiven ? 0 : spent, from: null, downSince: null, upSince, history: 'known', due };
}

function down(before: Downtime, { visible, now, grace }: Look): Downtime {
  const due = visible && before.spent < grace ? now + grace - before.spent : null;
  return { ...before, from: visible ? now : null, upSince: null, due };
}

function bannerOf(
  status: Extract<Status, { state: 'connecting' | 'waiting' | 'offline' }>,
  since: number,
  history: Downtime['history'],
): UiStatus {
  const retryAt = 'retryAt' in status ? status.retryAt : null;
  if (status.state === 'offline') return { banner: 'offline', since, retryAt };
  return { banner: history === 'new' ? 'connecting' : 'reconnecting', since, retryAt };
}
