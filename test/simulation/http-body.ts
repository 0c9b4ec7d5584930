/** What a server says in a response: looked at as it leaves, sometimes garbled, and told when it has reached the page. */
import type { HeaderTable } from '../../server/http/exchange.ts';
import { fromBase64url, toBase64url } from '../../src/protocol/base64url.ts';
import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import { END } from '../../src/protocol/end-codes.ts';
import type { ServerFrame } from '../../src/protocol/frame.ts';
import { SERVER_FRAMES } from '../../src/protocol/server-frames.ts';
import type { Downstream } from './downstream.ts';
import { garble } from './garble.ts';
import { type Middle, NEVER_EARNED } from './wire.ts';

/** Who is told of what is said. */
export interface Wording {
  readonly codec: Codec;
  readonly random: () => number;
  /** What the server was sent was garbled on its way. */
  readonly spoiled: boolean;
  /** Whether the server lets messages in: one that began to drain, or closed, after the head of the request came does not. */
  letsIn(): boolean;
  middle(): Middle;
  /** A message has reached the page. */
  onReceive(data: Encoded, frames: readonly ServerFrame[] | null): void;
  onFault(sentence: string): void;
  count(name: string): void;
}

const encoder = new TextEncoder();
const bytesOf = (data: Encoded): Uint8Array<ArrayBuffer> => (typeof data === 'string' ? encoder.encode(data) : data);

export class Body {
  readonly #wording: Wording;
  readonly #response: Downstream;
  #status = 0;
  #said = 0;

  constructor(wording: Wording, response: Downstream) {
    this.#wording = wording;
    this.#response = response;
  }

  head(status: number, headers: HeaderTable): void {
    this.#status = status;
    this.#response.head(status, headers);
  }

  /** @param known whether it is in the codec of the page */
  answer(body: Encoded, known: boolean): void {
    if (!known) return this.#response.body(bytesOf(body), () => {});
    const [sent, told] = this.#look(body);
    this.#response.body(bytesOf(sent), told);
  }

  /** An event, or a comment. */
  write(text: string): void {
    const { codec } = this.#wording;
    const [, data] = /^data: (.*)\n\n$/s.exec(text) ?? [];
    if (data === undefined) return this.#response.body(encoder.encode(text), () => {});
    const [sent, told] = this.#look(codec.binary ? fromBase64url(data)! : data);
    const event = typeof sent === 'string' ? sent : toBase64url(sent);
    this.#response.body(encoder.encode(`data: ${event}\n\n`), told);
  }

  #look(data: Encoded): readonly [Encoded, () => void] {
    const { codec, random, middle, onReceive, count } = this.#wording;
    const value = codec.decode(data);
    const frames = (Array.isArray(value) ? value : [value]) as readonly ServerFrame[];
    this.#judge(frames);
    const { garbles } = middle();
    if (garbles === 0 || random() >= garbles) return [data, () => onReceive(data, frames)];
    count('garbled down');
    const sent = garble(codec, data, SERVER_FRAMES, random);
    return [sent, () => onReceive(sent, null)];
  }

  #judge(frames: readonly ServerFrame[]): void {
    const { spoiled, letsIn, onFault } = this.#wording;
    this.#said += 1;
    const bye = frames.find((frame) => frame.t === 'bye');
    if (spoiled) {
      const isFirst = this.#said === 1 && this.#status === 200;
      const isTurnedAway = frames.length === 1 && bye?.code === END.goingAway && !letsIn();
      if (isFirst && bye?.code !== END.badFrame && !isTurnedAway) onFault('a server took a garbled message');
    } else if (bye !== undefined && NEVER_EARNED.includes(bye.code)) {
      onFault(`a server ended a connection with ${bye.code}: ${bye.why}`);
    }
  }
}
