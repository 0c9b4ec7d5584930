/** The page's own publications that a store shows before they have come back, pure. */
import type { PendingChange, PendingPublication } from '../outbox/pendings.ts';
import type { Cursor, Message } from '../types.ts';

export interface Shown {
  readonly publication: PendingPublication;
  /** Where it stands in the log, if it was accepted and its echo has not come. */
  readonly at: Cursor | null;
  /** comes: the channel has been live since it was published. It counts where there is no place (mode `live`). */
  readonly echo: 'comes' | 'doubtful';
}

/** How far the channel has come; null: it has no place (mode `live`), undefined: nobody has said. */
export type Place = Cursor | null | undefined;

/** In order of publishing. What leaves its length as it is changes nothing of what is shown. */
export type Overlay = readonly Shown[];

/** @param echo of a new one */
export function change(overlay: Overlay, change: PendingChange, place: Place, echo: Shown['echo']): Overlay {
  if (change.type === 'added') {
    const { publication } = change;
    // One that is sent anew under another number keeps its turn.
    const known = overlay.some((shown) => shown.publication.id === publication.id);
    return known ? overlay : [...overlay, { publication, at: null, echo }];
  }
  const { outcome } = change;
  const at = outcome.result === 'accepted' ? outcome.cursor : null;
  if (at === null || (place && covers(place, at))) return without(overlay, outcome.id);
  const next = overlay.map((shown) => (shown.publication.id === outcome.id ? { ...shown, at } : shown));
  return place === null ? next.filter(isExpected) : next;
}

/** In mode `live`: an echo that was missed never comes. */
export function doubt(overlay: Overlay): Overlay {
  return overlay.map((shown): Shown => ({ ...shown, echo: 'doubtful' })).filter(isExpected);
}

function isExpected({ at, echo }: Shown): boolean {
  return at === null || echo === 'comes';
}

/** It has come back, or ended without coming back. */
export function without(overlay: Overlay, id: string): Overlay {
  return overlay.length === 0 ? overlay : overlay.filter(({ publication }) => publication.id !== id);
}

/** The place moved: what stands there and has not come was filtered out, or is in the snapshot. */
export function pass(overlay: Overlay, place: Cursor): Overlay {
  return overlay.length === 0 ? overlay : overlay.filter(({ at }) => at === null || !covers(place, at));
}

/** The place was lost: nothing of another log will come back. */
export function restart(overlay: Overlay, { epoch }: Cursor): Overlay {
  return overlay.filter(({ at }) => at === null || at.epoch === epoch);
}

export function pendingMessage(channel: string, { id, event, data }: PendingPublication): Message & { readonly pending: true } {
  return { channel, event, data, id, sentAt: null, by: null, own: true, cursor: null, pending: true };
}

function covers(place: Cursor, at: Cursor): boolean {
  return place.epoch === at.epoch && at.offset <= place.offset;
}
