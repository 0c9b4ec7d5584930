/** A transport without a peer: each opening is driven by the test, frame by frame. Left alone, it never answers. */
import type { Codec } from '../../src/protocol/codec.ts';
import { type ClientFrame, DEFAULT_LIMITS, type Hello, type ServerFrame, type Welcome } from '../../src/protocol/frame.ts';
import type { End, Transport } from '../../src/transports/transport.ts';

export interface Opening {
  readonly url: string;
  readonly codec: Codec;
  /** connecting: the transport has not opened. closed: by the client. ended: by the script. */
  readonly state: 'connecting' | 'open' | 'closed' | 'ended';
  /** What the client sent first; empty until the transport has opened. */
  readonly frames: readonly ClientFrame[];
  /** @throws Error until the transport has opened */
  readonly hello: Hello;
  /** What the client sent after its opening frames, batch by batch. */
  readonly batches: readonly (readonly ClientFrame[])[];
  /** The same, of one type. */
  sent<T extends ClientFrame['t']>(type: T): readonly Extract<ClientFrame, { t: T }>[];
  /** How often the client asked that its request be made anew. */
  readonly reopens: number;
  /** The request is made anew. @returns what the client says in it */
  renew(): readonly ClientFrame[];
  /** The code that the client closed with; null while it has not. */
  readonly closedWith: number | null;
  /** The transport opens and asks for the opening frames. */
  open(): void;
  /** One batch to the client. */
  send(...frames: readonly ServerFrame[]): void;
  /** Opens if need be, and sends a `welcome`. */
  welcome(fields?: Partial<Welcome>): void;
  end(code: number, told?: Partial<Omit<End, 'code'>>): void;
}

export interface ScriptedTransport extends Transport {
  /** Every opening so far, in order. */
  readonly openings: readonly Opening[];
  /** The newest opening. @throws Error if there is none */
  readonly latest: Opening;
  /** Links that neither side has ended. */
  readonly links: number;
}

export interface Script {
  readonly name?: string;
  readonly supported?: boolean;
  readonly upgradeOnly?: boolean;
  readonly lossy?: boolean;
  /** Its connections are made of requests, as those of HTTP are. */
  readonly requests?: boolean;
  /** Plays the server's part of each opening, as soon as the client has its link. @default nothing */
  readonly play?: (opening: Opening, count: number) => unknown;
}

export const WELCOME: Welcome = { t: 'welcome', v: 1, mem: 'mem-1', ping: 25_000, limits: DEFAULT_LIMITS, caps: [] };

export function createScriptedTransport(script: Script = {}): ScriptedTransport {
  const { name = 'scripted', supported = true, upgradeOnly = false, lossy = false, requests = false, play } = script;
  const openings: Opening[] = [];
  const isLive = ({ state }: Opening): boolean => state === 'connecting' || state === 'open';
  return {
    name,
    ...(upgradeOnly && { upgradeOnly }),
    ...(lossy && { lossy }),
    isSupported: () => supported,
    open(target, sink) {
      let state: Opening['state'] = 'connecting';
      let frames: readonly ClientFrame[] = [];
      let closedWith: number | null = null;
      const batches: (readonly ClientFrame[])[] = [];
      let reopens = 0;

      const opening: Opening = {
        url: target.url,
        codec: target.codec,
        batches,
        get state() {
          return state;
        },
        get frames() {
          return frames;
        },
        get hello() {
          const [first] = frames;
          if (first?.t !== 'hello') throw new Error(`the client did not begin with hello but with ${JSON.stringify(first)}`);
          return first;
        },
        sent<T extends ClientFrame['t']>(type: T) {
          return batches.flat().filter((frame): frame is Extract<ClientFrame, { t: T }> => frame.t === type);
        },
        get reopens() {
          return reopens;
        },
        renew() {
          if (state !== 'open') throw new Error(`cannot renew what is ${state}`);
          return (frames = target.opening());
        },
        get closedWith() {
          return closedWith;
        },
        open() {
          if (state !== 'connecting') throw new Error(`cannot open what is ${state}`);
          state = 'open';
          frames = target.opening();
        },
        send(...sent) {
          if (state === 'connecting' || state === 'ended') throw new Error(`cannot send on what is ${state}`);
          // A link that the client closed is silent, as the port demands; the peer cannot know.
          if (state === 'open') sink.onFrames(sent);
        },
        welcome(fields = {}) {
          if (state === 'connecting') opening.open();
          opening.send({ ...WELCOME, ...fields });
        },
        end(code, told = {}) {
          if (state === 'ended') throw new Error('ended twice');
          const end: End = { code, why: '', by: 'network', opened: state === 'open', ...told };
          if (state === 'closed') return;
          state = 'ended';
          sink.onEnd(end);
        },
      };
      openings.push(opening);
      if (play !== undefined) queueMicrotask(() => isLive(opening) && play(opening, openings.length));

      return {
        send(batch) {
          if (state !== 'open') throw new Error(`the client sent on what is ${state}`);
          if (batch.length === 0) throw new Error('the client sent an empty batch');
          batches.push(batch);
        },
        close(code = 1000) {
          if (!isLive(opening)) return;
          state = 'closed';
          closedWith = code;
        },
        ...(requests && { reopen: () => void (reopens += 1) }),
        buffered: 0,
      };
    },
    openings,
    get latest() {
      const last = openings.at(-1);
      if (last === undefined) throw new Error('nothing was opened');
      return last;
    },
    get links() {
      return openings.filter(isLive).length;
    },
  };
}
