/** One link over a scripted `fetch` and a virtual clock. */
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import type { Codec } from '../../../src/protocol/codec.ts';
import type { ClientFrame, Hello, Pub, ServerFrame, Welcome } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import type { End, Link, Target, Transport } from '../../../src/transports/transport.ts';
import { type ScriptedFetch, type ScriptedRequest, createScriptedFetch } from '../../support/scripted-fetch.ts';
import { WELCOME } from '../../support/scripted-transport.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

export interface Scene {
  readonly clock: VirtualClock;
  readonly net: ScriptedFetch;
  readonly link: Link & Required<Pick<Link, 'reopen'>>;
  /** What the sink got, call by call; the proof that a stream is not held back left out. */
  readonly batches: readonly (readonly ServerFrame[])[];
  readonly ends: readonly End[];
  /** How often the opening frames were made. */
  readonly openings: number;
  /** Who says hello; a test may change it. */
  hello: Hello;
  /** Called with each batch. */
  onFrames: (frames: readonly ServerFrame[]) => void;
  /** The newest request to a path. @throws Error if there is none */
  latest(path: string): ScriptedRequest;
}

export interface SceneOptions {
  readonly codec?: Codec;
  readonly target?: Partial<Target>;
  readonly environment?: Partial<Environment>;
}

export const pub = (s: number, d: unknown = s): Pub => ({
  t: 'pub',
  c: 'room',
  p: 'me',
  s,
  items: [{ id: `m-${s}`, e: 'e', d }],
});

export async function createScene(transport: Transport, options: SceneOptions = {}): Promise<Scene> {
  const { codec = json(), target, environment } = options;
  const clock = createVirtualClock();
  const net = createScriptedFetch(codec);
  const batches: (readonly ServerFrame[])[] = [];
  const ends: End[] = [];
  let openings = 0;
  const opening = (): readonly [Hello, ...ClientFrame[]] => {
    openings += 1;
    return [scene.hello, { t: 'sub', c: 'room', k: openings }];
  };
  const { now, setTimeout, clearTimeout } = clock;
  const platform = createEnvironment({ now, setTimeout, clearTimeout, random: () => 0.5, fetch: net.fetch, ...environment });
  const scene: Omit<Scene, 'link' | 'openings' | 'latest'> = {
    ...{ clock, net, batches, ends },
    hello: { t: 'hello', v: [1, 1], client: 'page', gen: 1 },
    onFrames: () => {},
  };
  const link = transport.open(
    { url: 'https://test.example/realtime', codec, opening, hello: () => scene.hello, environment: platform, ...target },
    {
      onFrames(frames) {
        if (ends.length > 0) throw new Error('frames after the end');
        if (isProof(frames)) return;
        batches.push(frames);
        scene.onFrames(frames);
      },
      onEnd: (end) => ends.push(end),
    },
  );
  await clock.settle();
  // Not Object.assign, which would read the getter now.
  return Object.defineProperties(
    scene,
    Object.getOwnPropertyDescriptors({
      link: link as Scene['link'],
      latest(path: string) {
        const last = net.to(path).at(-1);
        if (last === undefined) throw new Error(`no request to ${path}`);
        return last;
      },
      get openings() {
        return openings;
      },
    }),
  ) as Scene;
}

const isProof = ([frame, ...more]: readonly ServerFrame[]): boolean =>
  frame?.t === 'ping' && frame.x === undefined && more.length === 0;

/** The stream was welcomed, and is not held back. */
export async function welcomeStream(scene: Scene, fields: Partial<Welcome> = {}): Promise<ScriptedRequest> {
  const request = scene.latest('sse');
  request.respond();
  request.event({ ...WELCOME, ...fields });
  request.event({ t: 'ping' });
  await scene.clock.settle();
  return request;
}

/** The poll under way is answered. */
export async function answerPoll(scene: Scene, frames: readonly ServerFrame[] = []): Promise<ScriptedRequest> {
  const request = scene.latest('poll');
  request.answer([WELCOME, ...frames]);
  await scene.clock.settle();
  return request;
}
