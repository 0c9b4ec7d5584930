/** A client with three transports that the test plays: `a` is preferred, then `b`, then `c`. */
import type { Trace } from '../../../src/types.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, type SceneOptions, createScene } from './scene.ts';

export let scene: Scene;
export let choices: Readonly<Record<string, unknown>>[];

export const play = (run: (opening: Opening) => void) => ({ play: (opening: Opening) => run(opening) });
export const refuses = play((opening) => opening.end(1006));
export const welcomes = play((opening) => opening.welcome());

export type Parts = readonly [a?: SceneOptions['script'], b?: SceneOptions['script'], c?: SceneOptions['script']];

/** Half of whatever is drawn: the first climb comes 30 s after the connection is stable. */
export function make([a = {}, b = {}, c = {}]: Parts = [], options: SceneOptions = {}): Scene {
  scene = createScene({
    random: () => 0.5,
    ...options,
    script: { name: 'a', ...a },
    lesser: [
      { name: 'b', ...b },
      { name: 'c', ...c },
    ],
  });
  choices = [];
  scene.client.on('trace', ({ name, detail }: Trace) => name === 'choose' && choices.push(detail));
  return scene;
}
export async function connect(parts?: Parts, options?: SceneOptions): Promise<void> {
  make(parts, options).client.connect();
  await scene.clock.settle();
}
export const opened = (): readonly number[] => scene.transports.map(({ openings }) => openings.length);
export const links = (): readonly number[] => scene.transports.map((transport) => transport.links);
export const at = (index: number): Opening => scene.transports[index]!.latest;

/** Time passes, in which what carries is heard of every 10 s. */
export async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    await scene.clock.advance(Math.min(left, 10_000));
    scene.transports.forEach(({ openings }) =>
      openings.filter(({ state }) => state === 'open').forEach((line) => line.send({ t: 'ping' })),
    );
  }
}

/** A storage that outlasts its client. */
export function createStorage(): NonNullable<NonNullable<SceneOptions['environment']>['storage']> & {
  readonly text: () => unknown;
} {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => void kept.set(key, value),
    text: () => JSON.parse([...kept.values()][0] ?? 'null') as unknown,
  };
}
