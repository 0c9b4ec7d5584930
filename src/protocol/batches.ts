import type { Codec, Encoded } from './codec.ts';
import type { ClientFrame } from './frame.ts';

/**
 * The transport messages that carry `frames`, in order: as few as can be, none above `most` bytes unless it is one frame
 * alone. What gathers in one tick may be far more than a server takes in one message (`limits.message`).
 */
export function* batches(codec: Codec, frames: readonly ClientFrame[], most: number): Generator<Encoded> {
  let pieces: Encoded[] = [];
  let size = 0;
  for (const frame of frames) {
    const piece = codec.encode(frame);
    const cost = costOf(piece);
    if (size + cost > most && pieces.length > 0) {
      yield codec.join(pieces);
      pieces = [];
      size = 0;
    }
    pieces.push(piece);
    // Brackets, or the header of a list.
    size += size === 0 ? cost + 3 : cost;
  }
  if (pieces.length > 0) yield codec.join(pieces);
}

/** Bytes, at most: the three that a UTF-16 unit may take in UTF-8 cost less than to count them; one more for a comma. */
export const costOf = (piece: Encoded): number => (typeof piece === 'string' ? 3 : 1) * piece.length + 1;
