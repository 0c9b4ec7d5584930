import { onTestFinished } from 'vitest';
import type { HoldfastError } from '../../../src/errors.ts';
import type { Req, Res } from '../../../src/protocol/frame.ts';
import type { RequestOptions } from '../../../src/types.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { createScene, type Scene, type SceneOptions } from '../connection/scene.ts';

export const CAPS = { caps: ['req'] };

export function open(options?: SceneOptions): Scene {
  const scene = createScene({ random: () => 0.5, ...options });
  scene.client.on('error', () => {});
  onTestFinished(() => scene.end());
  return scene;
}

/** Welcomed by a server that takes requests. */
export async function enter(options?: SceneOptions): Promise<Scene> {
  const scene = open(options);
  scene.client.connect();
  await scene.clock.settle();
  scene.line.welcome(CAPS);
  await scene.clock.settle();
  return scene;
}

export interface Asked {
  /** open, the result, or the code of the error. */
  readonly state: unknown;
  readonly error: HoldfastError | undefined;
  readonly settled: number;
}

export function ask({ client }: Scene, method = 'm', params?: unknown, options?: RequestOptions): Asked {
  const asked = { state: 'open' as unknown, error: undefined as HoldfastError | undefined, settled: 0 };
  const settle = (state: unknown, error?: HoldfastError): void => void Object.assign(asked, { state, error, settled: asked.settled + 1 }); // prettier-ignore
  client
    .request(method, params, options)
    .then(settle, (error: unknown) => settle((error as HoldfastError).code, error as HoldfastError));
  return asked;
}

export const answer = (line: Opening, req: Req | undefined, res: Partial<Res> = {}): void =>
  line.send({ t: 'res', id: req!.id, ...res });
