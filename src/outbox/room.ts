import type { Limits } from '../protocol/frame.ts';
import type { Room } from './lane.ts';

/** Unanswered on one connection. */
const WINDOW: Room = { items: 256, bytes: 1_048_576 };

interface Flight {
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly suspect: boolean;
}

/** What the next `pub` may carry, given what is under way. */
export function roomFor(lanes: Iterable<Flight>, limits: Limits): Room {
  let { items, bytes } = WINDOW;
  let suspects = false;
  for (const lane of lanes) {
    items -= lane.inFlight;
    bytes -= lane.inFlightBytes;
    suspects ||= lane.suspect;
  }
  // One of them ends connections: alone on the line it is found out.
  if (suspects) items -= WINDOW.items - 1;
  return { items: Math.min(items, limits.items), bytes: Math.min(bytes, limits.batch) };
}
