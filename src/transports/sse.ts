import { createParser } from 'eventsource-parser';
import { fromBase64url } from '../protocol/base64url.ts';
import { END } from '../protocol/end-codes.ts';
import { soon } from '../util/soon.ts';
import { type Call, type Fault, type HttpOptions, createHttp } from './http.ts';
import type { Link, Transport } from './transport.ts';
import { createUpstream } from './upstream.ts';

/** ms from the request to `welcome`. */
const OPEN = 10_000;
/**
 * ms without a byte after which a stream that had no `ping` yet is held back by something between. Its `welcome` proves
 * nothing: what follows may have pushed it through a buffer, in which the last events then stay.
 */
const BUFFERED = 4000;
/** A timer that fires this much late, ms, means that the page did not run: chunks may be queued behind it. Excused once. */
const LATE = 1000;
/** ms: what changes in one go is one opening. */
const GATHER = 50;
/** ms that the old stream is kept beside the new one. Over HTTP/1.1 a browser may have no connection for the new one before. */
const BESIDE = 2000;
/** ms; ± 20 %, so that pages that were opened at one time are not renewed at one time. */
const RENEWAL = 900_000;
/** Characters without an event. A line that never ends must not fill the memory. */
const LONGEST = 2 ** 25;

export type SseOptions = HttpOptions;

/**
 * Server-sent events (WHATWG HTML, section 9.2) down, `POST` up, for networks that let no WebSocket through. Read with `fetch`:
 * an `EventSource` can send no body, tells no status, and reconnects by itself.
 *
 * Holds one of the six connections that a browser opens to an origin over HTTP/1.1, for all its tabs together.
 */
export function sse(options: SseOptions = {}): Transport {
  return {
    name: 'sse',
    isSupported: ({ fetch }) => fetch !== undefined,
    open(target, sink): Link {
      const { codec, environment, opening } = target;
      const http = createHttp(target, sink, options);
      /** The one that was welcomed last. */
      let current: Call | null = null;
      /** The one that is to be. */
      let next: Call | null = null;
      /** Whether an opening is about to be made. */
      let due = true;
      let changed = false;
      let heardAt: number | undefined;
      let renewal = (): void => {};

      const reopen = (): void => {
        changed = true;
        // One at a time: if each change broke off the opening before it, none might ever be welcomed.
        if (due || next !== null) return;
        due = true;
        http.later(GATHER, begin);
      };

      /** @returns whether there was a ping in it */
      const receive = (call: Call, data: string): boolean => {
        const frames = http.parse(codec.binary ? (fromBase64url(data) ?? new Uint8Array(0)) : data);
        if (frames === null) return false;
        heardAt = environment.now();
        if (call === next && frames.some(({ t }) => t === 'welcome')) {
          current?.stop();
          current = call;
          next = null;
          call.settle();
          renewal();
          renewal = http.later(RENEWAL * (0.8 + 0.4 * environment.random()), reopen);
          if (changed) reopen();
        }
        // What the server gave up for the new stream is no end of the link.
        const isOld = call === current && next !== null;
        http.deliver(isOld ? frames.filter((frame) => frame.t !== 'bye' || frame.code !== END.superseded) : frames);
        return frames.some(({ t }) => t === 'ping');
      };

      const read = async ({ body }: Response, call: Call): Promise<void> => {
        const held = http.fault(END.buffered);
        // Where `fetch` reads no body piece by piece (React Native) nothing would ever come.
        if (!body) return call.fail(held);
        let excused = false;
        const expect = (): (() => void) => {
          const due = environment.now() + BUFFERED;
          return http.later(BUFFERED, () => {
            if (excused || environment.now() - due <= LATE) return call.fail(held);
            excused = true;
            unexpect = expect();
          });
        };
        let unexpect = expect();
        let proven = false;
        const reader = body.getReader();
        // Keeps what a chunk cuts in two, and takes away the byte order mark.
        const decoder = new TextDecoder();
        let unfinished = 0;
        const parser = createParser({
          onEvent({ data }) {
            unfinished = 0;
            const pinged = receive(call, data);
            proven ||= pinged;
          },
        });
        while (unfinished <= LONGEST) {
          const chunk = await call.tried(() => reader.read());
          if (chunk === null) return;
          if (chunk.done) return call.fail(http.fault(END.abnormal));
          const text = decoder.decode(chunk.value, { stream: true });
          unfinished += text.length;
          unexpect();
          parser.feed(text);
          // By chunks, for on a slow line one event may take longer than this.
          if (!proven) unexpect = expect();
        }
        http.end(http.fault(END.invalidData, 'an event without an end', 'client'));
      };

      const begin = (): void => {
        if (http.over) return;
        due = changed = false;
        const old = current;
        const failed = (fault: Fault, call: Call): void => {
          if (call === current && next !== null) current = null;
          else http.end(fault);
        };
        const [hello, ...subs] = opening();
        // Of the stream before it may not have been told that the store failed over.
        const since = heardAt !== undefined && { since: Math.max(0, environment.now() - heardAt) };
        next = http.ask('sse', http.encode([{ ...hello, ...since }, ...subs]), OPEN, failed, read, 'text/event-stream');
        if (old !== null) http.later(BESIDE, () => old.stop());
      };
      // Not at once: whoever opens a link is not yet ready to say with what.
      soon(begin);
      return createUpstream(http, target, reopen);
    },
  };
}
