/** What broken boxes on the way make of a message. */
import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import { parseMessage, type Shapes } from '../../src/protocol/parse.ts';

const TRIES = 4;
/** Never used by MessagePack. */
const NEVER = 0xc1;

/**
 * The message with a piece cut off, or a character or bit of it changed. Only what can be seen to be wrong: against a change
 * that makes another good message there is TLS.
 */
export function garble(codec: Codec, data: Encoded, known: Shapes, random: () => number): Encoded {
  for (let i = 0; i < TRIES; i += 1) {
    const spoiled = typeof data === 'string' ? spoilText(data, random) : spoilBytes(data, random);
    if (!parseMessage(codec, spoiled, known).ok) return spoiled;
  }
  return typeof data === 'string' ? `${data}]` : Uint8Array.of(NEVER);
}

function spoilText(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  if (random() < 0.3) return text.slice(0, at);
  const other = random() < 0.5 ? '\uFFFD' : String.fromCharCode(32 + Math.floor(random() * 95));
  return text.slice(0, at) + other + text.slice(at + 1);
}

function spoilBytes(bytes: Uint8Array<ArrayBuffer>, random: () => number): Uint8Array<ArrayBuffer> {
  const at = Math.floor(random() * bytes.length);
  if (random() < 0.3) return bytes.slice(0, at);
  const spoiled = bytes.slice();
  spoiled[at]! ^= 1 << Math.floor(random() * 8);
  return spoiled;
}
