import { toBase64url } from '../src/protocol/base64url.ts';

/**
 * All that the server's core takes from the world. Nothing else in it reads time or chance, so the same core runs under a
 * virtual clock.
 */
export interface ServerEnvironment {
  /** ms since 1970. */
  readonly now: () => number;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (id: unknown) => void;
  /** 0 ≤ x < 1. For jitter only. */
  readonly random: () => number;
  /** 128 random bits as 22 characters of base64url. */
  readonly createId: () => string;
  /** 64 random bits as 11 characters of base64url (rule R3). */
  readonly createTag: () => string;
  /** At the end of this tick: what was queued meanwhile leaves as one batch. */
  readonly defer: (run: () => void) => void;
  /** Makes what inflates one gzip body, as `new DecompressionStream('gzip')`. null: such bodies are not taken. */
  readonly gunzip: (() => Inflater) | null;
}

export interface Inflater {
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly readable: ReadableStream<Uint8Array>;
}

/**
 * The platform's own, with `given` in the place of its parts. Parts that go together follow each other: a given `random`
 * also makes the ids, and a given clock also defers, so that a simulation is never half real.
 */
export function serverEnvironment(given: Partial<ServerEnvironment> = {}): ServerEnvironment {
  const text = given.random === undefined ? pooled() : seeded(given.random);
  return {
    now: () => Date.now(),
    setTimeout: (run, ms) => released(setTimeout(run, ms)),
    clearTimeout: (id) => clearTimeout(id as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    createId: () => text(16),
    createTag: () => text(8),
    defer: given.setTimeout === undefined ? endOfTick() : (run) => queueMicrotask(run),
    gunzip: typeof DecompressionStream === 'function' ? () => new DecompressionStream('gzip') : null,
    ...given,
  };
}

/** Node's timers hold a process open; that is for the sockets to do. */
function released(timer: unknown): unknown {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** Node runs immediates after all input of one poll, so a batch holds the answers to everything that came together. */
function endOfTick(): (run: () => void) => void {
  return typeof setImmediate === 'function' ? (run) => void setImmediate(run) : (run) => queueMicrotask(run);
}

/** One call to the system for 4 KiB: a call for each tag would cost more than the append that it marks. */
function pooled(): (count: number) => string {
  const pool = new Uint8Array(4096);
  let used = pool.length;
  return (count) => {
    if (used + count > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    used += count;
    return toBase64url(pool, used - count, used);
  };
}

function seeded(random: () => number): (count: number) => string {
  return (count) => toBase64url(Uint8Array.from({ length: count }, () => Math.floor(random() * 256)));
}
