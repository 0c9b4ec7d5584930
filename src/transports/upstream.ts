/** The way up of a link over HTTP: `POST /send`, one at a time; questions in others beside it. */
import { costOf } from '../protocol/batches.ts';
import type { Encoded } from '../protocol/codec.ts';
import { END } from '../protocol/end-codes.ts';
import { DEFAULT_LIMITS, type ServerFrame } from '../protocol/frame.ts';
import { type Fault, type Http, mayPass } from './http.ts';
import type { Link, Target } from './transport.ts';

/** ms without an answer after which a request is made again. */
const PATIENCE = 10_000;
/** Of the same publications; what was lost is sent again on the next connection, so to end is always safe. */
const TRIES = 3;
/** ms; grows twofold. */
const FIRST_WAIT = 1000;
/** Questions under way. A browser opens six connections to an origin over HTTP/1.1, for all its tabs together. */
const ASIDE = 4;
/** Bytes from which on gzip is worth its time. */
const WORTH_ZIPPING = 1024;

interface Question {
  readonly piece: Encoded;
  /** ms */
  readonly patience: number;
  /** A server that has long forgotten it would run it anew: a page that slept does not ask again. */
  until: number;
}

/** @returns the link, which lacks nothing but its way down */
export function createUpstream(http: Http, { codec, environment, hello }: Target, reopen: () => void): Link {
  const queue: Encoded[] = [];
  /** What may take long to answer, each in a request of its own: publications do not wait for it. */
  const questions: Question[] = [];
  let asking = 0;
  let most = DEFAULT_LIMITS.message;
  /** Of text the UTF-16 units: to count its bytes would cost as much as to encode it again. */
  let buffered = 0;
  let busy = false;

  /** The token of the moment, and the memory of this connection: another one must not take what was meant for it. */
  const head = (): Encoded => codec.encode({ ...hello(), ...(http.welcome && { mem: http.welcome.mem }) });
  const pump = (): void => {
    while (asking < ASIDE && questions.length > 0) {
      asking += 1;
      const question = questions.shift()!;
      question.until = environment.now() + question.patience;
      void post([question.piece], 1, question);
    }
    if (busy || queue.length === 0) return;
    busy = true;
    // A piece that is too long goes alone.
    let size = costOf(head()) + 3;
    let count = 0;
    while (count < queue.length && ((size += costOf(queue[count]!)) <= most || count === 0)) count += 1;
    void post(queue.splice(0, count), 1, null);
  };

  const post = async (pieces: readonly Encoded[], tries: number, question: Question | null): Promise<void> => {
    const plain = codec.join([head(), ...pieces]);
    const zips = plain.length > WORTH_ZIPPING && http.welcome?.caps.includes('gzip');
    const Zip = zips ? environment.CompressionStream : undefined;
    // Plain is as good where it fails.
    const zipped = Zip && (await gzip(plain, Zip).catch(() => undefined));
    const isSmaller = zipped !== undefined && zipped.byteLength < plain.length;
    const answered = (frames: readonly ServerFrame[]): void => {
      if (question) asking -= 1;
      else busy = false;
      for (const { length } of pieces) buffered -= length;
      // The stream may be dead meanwhile, and nothing would ask for it while each answer here counted as a sign of life.
      http.deliver(frames, true);
      pump();
    };
    const failed = (end: Fault): void => {
      const wait = Math.max(end.after, environment.random() * FIRST_WAIT * 2 ** tries);
      const isOver = tries === TRIES || wait > PATIENCE || (question && end.code === END.openTimeout);
      if (mayPass(end) && !isOver) http.later(wait, again);
      // Whoever asked has a patience of its own, and a slow answer says nothing of the connection.
      else if (mayPass(end) && question) answered([]);
      else http.end(end);
    };
    // The page may have stood still before it failed, or since.
    const again = (): void => {
      if (question && environment.now() > question.until) answered([]);
      else void post(pieces, tries + 1, question);
    };
    http.exchange('send', isSmaller ? zipped : plain, question?.patience ?? PATIENCE, failed, answered, isSmaller);
  };

  return {
    send(frames, limit = DEFAULT_LIMITS.message) {
      most = limit;
      for (const frame of frames) {
        const piece = codec.encode(frame);
        if (frame.t === 'hist') questions.push({ piece, patience: PATIENCE, until: 0 });
        // The server answers by then, if only that it was too long.
        else if (frame.t === 'req') questions.push({ piece, patience: PATIENCE + (frame.timeout ?? 0), until: 0 });
        else queue.push(piece);
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
