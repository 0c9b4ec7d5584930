/** Runs in the page: transports that can be forbidden and allowed while they are in use, as networks do it. */
import { END } from '../../../src/protocol/end-codes.ts';
import type { Transport } from '../../../src/types.ts';

export interface Gates {
  readonly transports: readonly [Transport, ...Transport[]];
  /** Entries of channels that each has carried. */
  readonly carried: ReadonlyMap<string, number>;
  allow(name: string): void;
  /** Ends what is open of it, as a network does that is gone. */
  forbid(name: string): void;
}

export function createGates(all: readonly [Transport, ...Transport[]], allowed: Set<string>): Gates {
  const carried = new Map<string, number>();
  const cuts = new Map<() => void, string>();
  const gated = (transport: Transport): Transport => {
    const { name } = transport;
    return {
      ...transport,
      isSupported: (environment) => allowed.has(name) && transport.isSupported(environment),
      open(target, sink) {
        const link = transport.open(target, {
          onFrames(frames) {
            // An answer to a poll has them in `subbed`.
            const items = frames.flatMap((frame) => ('items' in frame ? (frame.items ?? []) : []));
            carried.set(name, (carried.get(name) ?? 0) + items.length);
            sink.onFrames(frames);
          },
          onEnd(end) {
            cuts.delete(cut);
            sink.onEnd(end);
          },
        });
        const close = (code?: number): void => {
          cuts.delete(cut);
          link.close(code);
        };
        const cut = (): void => {
          close();
          sink.onEnd({ code: END.abnormal, why: 'forbidden', by: 'network', opened: true });
        };
        cuts.set(cut, name);
        // Whether it has `reopen` says what it is, and `buffered` changes.
        return Object.create(link, { close: { value: close } }) as typeof link;
      },
    };
  };
  return {
    transports: all.map(gated) as [Transport, ...Transport[]],
    carried,
    allow: (name) => void allowed.add(name),
    forbid(name) {
      allowed.delete(name);
      for (const [cut, of] of [...cuts]) if (of === name) cut();
    },
  };
}
