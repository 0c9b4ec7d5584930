/** What happened in one run: as a hash, to see that a seed decides everything, as counts, and as a story if it is wanted. */
import type { Codec, Encoded } from '../../src/protocol/codec.ts';

/** What connections say to stay alive is left out of the story. */
const HEARTBEAT: readonly unknown[] = ['ping', 'pong'];

const WITH_COMMA = Array.from({ length: 256 }, (_, byte) => `,${byte}`);

export class Chronicle {
  readonly timeline: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly #now: () => number;
  readonly #keeps: boolean;
  #hash = 2_166_136_261;

  /** @param now ms since the run began */
  constructor(now: () => number, keeps: boolean) {
    this.#now = now;
    this.#keeps = keeps;
  }

  get hash(): string {
    return this.#hash.toString(16);
  }

  record(event: string): void {
    this.#mix(event);
    this.#tell(event);
  }

  /** @param who page and connection */
  message(who: string, way: string, codec: Codec, data: Encoded): void {
    this.#mix(`${who} ${way} `);
    if (typeof data === 'string') this.#mix(data);
    else this.#mixBytes(data);
    if (!this.#keeps) return;
    const text = readable(codec, data);
    if (text !== null) this.#tell(`${who} ${way} ${text}`);
  }

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  #mix(event: string): void {
    // FNV-1a
    let hash = this.#hash;
    for (let i = 0; i < event.length; i += 1) hash = Math.imul(hash ^ event.charCodeAt(i), 16_777_619);
    this.#hash = hash >>> 0;
  }

  /** As their numbers with commas between. */
  #mixBytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i += 1) this.#mix(i === 0 ? `${bytes[i]!}` : WITH_COMMA[bytes[i]!]!);
  }

  #tell(event: string): void {
    if (this.#keeps) this.timeline.push(`${String(this.#now()).padStart(8)} ${event}`);
  }
}

/** @returns null for a heartbeat */
function readable(codec: Codec, data: Encoded): string | null {
  try {
    const value = codec.decode(data);
    const frames = (Array.isArray(value) ? value : [value]) as readonly { readonly t?: unknown }[];
    const news = frames.filter(({ t }) => !HEARTBEAT.includes(t));
    // The limits are in the setting.
    const told = (frame: object): string => JSON.stringify({ ...frame, limits: undefined });
    return news.length === 0 ? null : news.map(told).join(' ');
  } catch {
    return typeof data === 'string' ? data : `bytes ${data.join(',')}`;
  }
}
