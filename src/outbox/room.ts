import type { Limits } from '../protocol/frame.ts';
import type { Room } from './lane.ts';

/** Unanswered on one connection. */
const WINDOW: Room = { items: 256, bytes: 1_048_576 };

interface Flight {
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly suspect: boolean;
}

/** Above this many bytes that wait for the network nothing is added to them. */
export const MOST_BUFFERED = 1_048_576;

/**
 * What the next `pub` may carry, given what is under way.
 * @param buffered bytes that wait for the network
 */
export function roomFor(lanes: Iterable<Flight>, limits: Limits, buffered: number): Room {
  let { items, bytes } = WINDOW;
  let suspects = false;
  for (const lane of lanes) {
    items -= lane.inFlight;
    bytes -= lane.inFlightBytes;
    suspects ||= lane.suspect;
  }
  // Without anything under way no answer would come to go on with.
  if (buffered > MOST_BUFFERED && items < WINDOW.items) items = 0;
  // One of them ends connections: alone on the line it is found out.
  if (suspects) items -= WINDOW.items - 1;
  return { items: Math.min(items, limits.items), bytes: Math.min(bytes, limits.batch) };
}
