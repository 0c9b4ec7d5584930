import type { Environment } from 'holdfast';
import { type Line, type Passage, Pipe } from './harm-socket.ts';

type Fetch = NonNullable<Environment['fetch']>;

/**
 * `fetch` over a bad line: what the line does to the frames of a socket it does to a request and to each piece of its answer.
 * The client cannot tell, so what it does about the harm is what it does in the world.
 */
export function createHarmFetch(line: Line): Fetch {
  return (url, init) =>
    new Promise((resolve, reject) => {
      const real = new AbortController();
      const outward = new Pipe(line);
      const inward = new Pipe(line);
      let answer: ReadableStreamDefaultController<Uint8Array> | null = null;
      let over = false;

      const leave = (): void => {
        over = true;
        line.passages.delete(passage);
        line.onQueue();
      };
      const fail = (error: Error): void => {
        if (over) return;
        leave();
        outward.clear();
        inward.clear();
        real.abort();
        reject(error);
        answer?.error(error);
      };
      const failed = (error: unknown): void => fail(error instanceof Error ? error : new Error(String(error)));
      const passage: Passage = {
        get waiting() {
          return { out: outward.frames, in: inward.frames };
        },
        cut: () => fail(new TypeError('The line was cut.')),
        pump() {
          outward.pump();
          inward.pump();
        },
      };

      const receive = (response: Response): void => {
        const { body, status, statusText, headers } = response;
        // A redirect that is not followed has no status, with which no answer can be made.
        if (body === null || status < 200) return inward.push(() => (leave(), resolve(response)), true);
        const stream = new ReadableStream<Uint8Array>({
          start: (controller) => void (answer = controller),
          // Nobody reads on.
          cancel: () => fail(new TypeError('The answer was left.')),
        });
        inward.push(() => resolve(new Response(stream, { status, statusText, headers })), false);
        const reader = body.getReader();
        const read = async (): Promise<void> => {
          for (;;) {
            const { done, value } = await reader.read();
            if (over) return;
            if (done) {
              return inward.push(() => {
                leave();
                answer?.close();
              }, false);
            }
            inward.push(() => {
              line.onFrame('in');
              answer?.enqueue(value);
            }, true);
          }
        };
        read().catch(failed);
      };

      const abort = (): void => fail(new DOMException('Aborted.', 'AbortError'));
      init.signal?.addEventListener('abort', abort, { once: true });
      line.passages.add(passage);
      if (init.signal?.aborted === true) return abort();
      // A request never fails before it has begun.
      if (line.weather.offline) return void window.setTimeout(passage.cut, 0);
      outward.push(() => {
        line.onFrame('out');
        fetch(url, { ...init, signal: real.signal }).then(receive, failed);
      }, true);
    });
}
