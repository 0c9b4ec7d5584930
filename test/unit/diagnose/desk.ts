/** A client on a clock that moves only when the test says so, to be diagnosed. */
import { type Client, type ClientOptions, type Diagnosis, type Environment, composeClient } from '../../../src/index.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { createIds, createRandom } from '../../support/random.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

export interface Desk {
  readonly clock: VirtualClock;
  readonly page: FakePage;
  readonly client: Client;
}

export function makeDesk(
  options: Partial<ClientOptions> & Pick<ClientOptions, 'transports'>,
  more: Partial<Environment> = {},
): Desk {
  const clock = createVirtualClock();
  const page = createFakePage();
  const { now, setTimeout, clearTimeout } = clock;
  const client = composeClient({
    url: 'https://ada:secret@api.example/realtime',
    ...options,
    transports: options.transports!,
    environment: {
      ...{ now, setTimeout, clearTimeout, random: () => 0.5, createId: createIds(createRandom(1)), page, logError() {} },
      ...{ WebSocket: undefined, fetch: undefined, storage: undefined, ...more },
    },
  });
  return { clock, page, client };
}

/** The problem of each check. */
export const verdicts = ({ checks }: Diagnosis): Readonly<Record<string, string | null>> =>
  Object.fromEntries(checks.map(({ name, problem }) => [name, problem]));
