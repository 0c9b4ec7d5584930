import { expect, it } from 'vitest';
import type { Member } from '../../../src/types.ts';
import { PresenceOracle } from '../../simulation/oracle-presence.ts';
import { probePresence } from '../../simulation/presence-probe.ts';
import type { Stage } from '../../simulation/stage.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const FLURRY = '— a flurry';

interface Life {
  /** From the calm after the flurry until it is connected again, ms. */
  readonly back: number;
  /** Whether it is told then who is there. */
  readonly told: boolean;
}

/** One page, which every cut costs its connection for 100 ms, and the last of the flurry for longer. */
async function probe({ back, told }: Life): Promise<readonly string[]> {
  const clock = createVirtualClock();
  const failed: string[] = [];
  const presence = new PresenceOracle(clock.now, (invariant, sentence) => void failed.push(`${invariant} ${sentence}`));
  let state: 'connected' | 'away' | 'flurry' = 'connected';
  let members: Member[] = [];
  let n = 0;
  let shown: number | null = null;
  const connect = (): void => {
    presence.connected(0, true);
    if (state === 'flurry' && !told) return;
    state = 'connected';
    members = shown === null ? [] : [{ id: 'x', user: null, self: true, data: { page: 0, n: shown } }];
  };
  const cut = (): void => {
    presence.connected(0, false);
    if (state !== 'connected') return;
    state = 'away';
    clock.setTimeout(() => state === 'away' && connect(), 100);
  };
  const company = {
    noteStatus: () => presence.connected(0, true),
    check: (connected?: number) => presence.check(0, 'a', members, connected),
    perform(kind: string) {
      shown = kind === 'exit' ? null : (n += 1);
      presence.shows(0, 'a', shown);
      if (state === 'connected') connect();
    },
  };
  const actor = {
    number: 0,
    company,
    client: { retryNow() {} },
    life: { arrive: (run: () => void) => run(), page: { tell() {} } },
    cable: { cut, latency() {}, calm: () => clock.setTimeout(connect, back) },
  };
  presence.came(0, 'anonymous');
  const stage = {
    plan: { presence: true, seed: 1, channels: ['a'] },
    clock,
    oracle: { presence },
    chronicle: {
      record(line: string) {
        if (line !== FLURRY) return;
        presence.connected(0, false);
        state = 'flurry';
      },
    },
    actors: () => [actor],
  };
  const probed = probePresence(stage as unknown as Stage);
  await clock.advance(300_000);
  await probed;
  return failed;
}

it.each([
  ['soon', 100],
  ['as late as the limit of attempts allows', 80_000],
])('a page that is back %s after a flurry is judged by what it was told then', async (_, back) => {
  expect(await probe({ back, told: true })).toEqual([]);
});

it.each([
  ['soon', 100],
  ['late', 80_000],
])('a page that is back %s and is not told who is there is found', async (_, back) => {
  expect(await probe({ back, told: false })).toEqual([expect.stringMatching(/^I10 page 0 /)]);
});
