/** The way up of a link over HTTP: `POST /send`, one at a time. */
import { costOf } from '../protocol/batches.ts';
import type { Encoded } from '../protocol/codec.ts';
import { DEFAULT_LIMITS } from '../protocol/frame.ts';
import { type Http, mayPass } from './http.ts';
import type { Link, Target } from './transport.ts';

/** ms without an answer after which a request is made again. */
const PATIENCE = 10_000;
/** Of the same publications; what was lost is sent again on the next connection, so to end is always safe. */
const TRIES = 3;
/** ms; grows twofold. */
const FIRST_WAIT = 1000;
/** Bytes from which on gzip is worth its time. */
const WORTH_ZIPPING = 1024;

/** @returns the link, which lacks nothing but its way down */
export function createUpstream(http: Http, { codec, environment, hello }: Target, reopen: () => void): Link {
  const queue: Encoded[] = [];
  let most = DEFAULT_LIMITS.message;
  /** Of text the UTF-16 units: to count its bytes would cost as much as to encode it again. */
  let buffered = 0;
  let busy = false;

  /** The token of the moment, and the memory of this connection: another one must not take what was meant for it. */
  const head = (): Encoded => codec.encode({ ...hello(), ...(http.welcome && { mem: http.welcome.mem }) });
  const pump = (): void => {
    if (busy || queue.length === 0) return;
    busy = true;
    // A piece that is too long goes alone.
    let size = costOf(head()) + 3;
    let count = 0;
    while (count < queue.length && ((size += costOf(queue[count]!)) <= most || count === 0)) count += 1;
    void post(queue.splice(0, count), 1);
  };

  const post = async (pieces: readonly Encoded[], tries: number): Promise<void> => {
    const plain = codec.join([head(), ...pieces]);
    const zips = plain.length > WORTH_ZIPPING && http.welcome?.caps.includes('gzip');
    const Zip = zips ? environment.CompressionStream : undefined;
    // Plain is as good where it fails.
    const zipped = Zip && (await gzip(plain, Zip).catch(() => undefined));
    const isSmaller = zipped !== undefined && zipped.byteLength < plain.length;
    http.exchange(
      'send',
      isSmaller ? zipped : plain,
      PATIENCE,
      (end) => {
        const wait = Math.max(end.after, environment.random() * FIRST_WAIT * 2 ** tries);
        if (tries === TRIES || wait > PATIENCE || !mayPass(end)) http.end(end);
        else http.later(wait, () => void post(pieces, tries + 1));
      },
      (frames) => {
        busy = false;
        for (const { length } of pieces) buffered -= length;
        // The stream may be dead meanwhile, and nothing would ask for it while each answer here counted as a sign of life.
        http.deliver(frames, true);
        pump();
      },
      isSmaller,
    );
  };

  return {
    send(frames, limit = DEFAULT_LIMITS.message) {
      most = limit;
      for (const frame of frames) {
        const piece = codec.encode(frame);
        queue.push(piece);
        buffered += piece.length;
      }
      pump();
    },
    reopen,
    close: http.close,
    get buffered() {
      return buffered;
    },
  };
}

const gzip = async (body: Encoded, Zip: typeof CompressionStream): Promise<ArrayBuffer> =>
  new Response(new Response(body).body!.pipeThrough(new Zip('gzip'))).arrayBuffer();
