/** The requests of one page: each is a connection of its own, to any server that is up. */
import { CLIENT_FRAMES } from '../../src/protocol/client-frames.ts';
import type { Encoded } from '../../src/protocol/codec.ts';
import type { ClientFrame, Hello } from '../../src/protocol/frame.ts';
import type { Mode, Network, CableOptions } from './cable.ts';
import { garble } from './garble.ts';
import { CALM_HTTP, type Block, type Fate, type TransportName, drawFate, fateOf, holdsBack } from './http-middle.ts';
import { HttpRequest, type HttpRequestOptions } from './http-request.ts';
import { type Carrier, type Receiver, SimFetch, type SimRequest } from './sim-fetch.ts';

const WAYS: Readonly<Record<string, TransportName | 'send'>> = { '/sse': 'sse', '/poll': 'long-polling', '/send': 'send' };
/** A proxy that makes a request again gives up the answer after, ms. */
const GHOST = 5000;
const NOBODY: Receiver = { head() {}, chunk() {}, end() {}, fail() {} };

/** What a request needs to know of the network of its page. */
export interface Surroundings {
  network(): Network;
  add(request: HttpRequest, way: TransportName | 'send'): void;
  remove(request: HttpRequest): void;
}

/** Bytes that may answer one `/send`: as many items as a connection may leave unanswered, 64 bytes for each. */
const ANSWERS = 65_536;

export class Requests extends SimFetch {
  readonly #options: CableOptions;
  readonly #surroundings: Surroundings;

  constructor(options: CableOptions, surroundings: Surroundings) {
    super(options.connections, (request, receiver) => this.#carry(request, receiver));
    this.#options = options;
    this.#surroundings = surroundings;
  }

  #carry(request: SimRequest, receiver: Receiver): Carrier {
    const { page, clock, random, codec, oracle, chronicle, server, letsIn, arrive, onHello } = this.#options;
    const { mode, blocks, http, weather, middle } = this.#surroundings.network();
    const path = new URL(request.url).pathname.replace(/^.*\//, '/');
    const way = WAYS[path]!;
    const frames = framesOf(codec.decode(request.body));
    const { gen } = frames[0] as Hello;
    chronicle.message(`page ${page}:${gen}${path}`, '>', codec, request.body);
    oracle.sentUp(page, gen, frames);
    oracle.requested(page);
    onHello(gen);
    const to = mode === 'refusing' ? null : server(true);
    if (to === null) {
      const [, late] = weather().latency;
      const timer = clock.setTimeout(() => arrive(() => receiver.fail()), random() * late);
      return { abort: () => clock.clearTimeout(timer) };
    }
    const queue = way === 'send' ? Math.max(ANSWERS, to.limits.queue) : to.limits.queue;
    const spoils = middle().garbles > 0 && random() < middle().garbles;
    const options = {
      ...this.#common(request, path, gen),
      server: to,
      letsIn: () => letsIn(to),
      receiver,
      ...this.#bodyOf(request.body, spoils),
      fate: mode === 'mute' ? ({ type: 'hangs' } as const) : fate(blocks[way], http, random),
      gathers: holdsBack(blocks[way]) ? Infinity : (http.gathers ?? 0),
      holdsHead: blocks[way] === 'holds' || (http.gathers !== null && random() < 0.5),
      onQueued: (bytes: number) => oracle.queued(page, bytes * (codec.binary ? 0.75 : 1), queue),
    };
    if (random() < http.repeats) this.#repeat(options, way);
    return this.#start(options, way);
  }

  #start(options: HttpRequestOptions, way: TransportName | 'send'): HttpRequest {
    const started = new HttpRequest(options);
    this.#surroundings.add(started, way);
    return started;
  }

  #common(request: SimRequest, path: string, gen: number) {
    const { page, clock, random, codec, oracle, chronicle, arrive, count } = this.#options;
    const { http, weather, middle } = this.#surroundings.network();
    return {
      ...{ clock, random, codec, arrive, count, path, request, http, weather, middle },
      onReceive: (data: Encoded, frames: HttpFrames | null) => {
        chronicle.message(`page ${page}:${gen}${path}`, frames === null ? '< garbled' : '<', codec, data);
        if (frames !== null) oracle.cameDown(page, gen, frames);
      },
      onFault: (sentence: string) => oracle.fail('I15', `page ${page}, request ${path} of connection ${gen}: ${sentence}`),
      onOver: (over: HttpRequest) => this.#surroundings.remove(over),
    };
  }

  #bodyOf(body: Encoded, spoils: boolean): Pick<HttpRequestOptions, 'body' | 'spoiled'> {
    const { codec, random, count } = this.#options;
    if (!spoils) return { body, spoiled: false };
    count('garbled up');
    return { body: garble(codec, body, CLIENT_FRAMES, random), spoiled: true };
  }

  /** Nobody is told of the answer. */
  #repeat(options: HttpRequestOptions, way: TransportName | 'send'): void {
    const { clock, random, server, letsIn, count } = this.#options;
    const again = (): void => {
      const to = server(true);
      if (to === null) return;
      count('request repeated');
      const ghost = this.#start(
        { ...options, server: to, letsIn: () => letsIn(to), receiver: NOBODY, fate: { type: 'carried' }, http: CALM_HTTP, arrive: (run) => run(), onReceive() {} },
        way,
      ); // prettier-ignore
      clock.setTimeout(() => ghost.abort(), random() * GHOST);
    };
    if (random() < 0.5) again();
    else clock.setTimeout(again, random() * GHOST);
  }
}

type HttpFrames = NonNullable<Parameters<HttpRequestOptions['onReceive']>[1]>;

function fate(block: Block | undefined, http: Parameters<typeof drawFate>[0], random: () => number): Fate {
  return fateOf(block) ?? drawFate(http, random);
}

export function framesOf(value: unknown): readonly ClientFrame[] {
  return (Array.isArray(value) ? value : [value]) as readonly ClientFrame[];
}

export type { Mode };
