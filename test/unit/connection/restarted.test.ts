/** Whoever lives on a connection and is told of its loss may end it, or begin another one, right there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../src/connection/connection.ts';
import type { Session } from '../../../src/connection/session.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { json } from '../../../src/protocol/json.ts';
import { createFakePage } from '../../support/page.ts';
import { type ScriptedTransport, createScriptedTransport } from '../../support/scripted-transport.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let transport: ScriptedTransport;
let connection: Connection;
let onLost: () => boolean;

beforeEach(async () => {
  clock = createVirtualClock();
  transport = createScriptedTransport();
  onLost = () => false;
  const { now, setTimeout, clearTimeout } = clock;
  const nothing = (): void => {};
  const session: Session = {
    opening: () => [],
    welcomed: nothing,
    received: nothing,
    awaits: () => false,
    lost: () => onLost(),
    leaving: nothing,
    closed: nothing,
  };
  connection = new Connection(
    {
      environment: createEnvironment({ now, setTimeout, clearTimeout, page: createFakePage(), random: () => 0.5 }),
      ...{
        url: 'https://test.example',
        transports: [transport],
        codec: json(),
        user: 'anonymous',
        getToken: undefined,
        credentials: undefined,
      },
      timing: {
        backoffBase: 500,
        backoffCap: 30_000,
        backoffCapHidden: 300_000,
        openTimeout: 10_000,
        uiGrace: 2000,
        releaseAfter: 1000,
      },
      ...{ report: nothing, trace: nothing, saves: () => false, busy: () => false },
    },
    session,
  );
  connection.tell('connect');
  await clock.settle();
  transport.latest.welcome();
  await clock.advance(20_000);
});
afterEach(async () => {
  onLost = () => false;
  connection.tell('destroy');
  await clock.settle();
  expect([clock.pending, transport.links]).toEqual([0, 0]);
});

/** Does it once, as the end of the connection itself tells of losses too. */
function once(run: () => void): void {
  onLost = () => {
    onLost = () => false;
    run();
    return false;
  };
}

describe('a session that is told of a loss', () => {
  it.each([1006, 4000, 4201, 4403])(
    '(%i) and restarts the connection: the new attempt is not taken for what ended',
    async (code) => {
      once(() => {
        connection.tell('pause');
        connection.tell('connect');
      });
      transport.latest.end(code);
      await clock.settle();
      expect(connection.status.get()).toMatchObject({ state: 'connecting', attempt: 1, reason: null });
      expect([transport.openings.length, transport.links]).toEqual([2, 1]);
      transport.latest.welcome();
      await clock.advance(20_000);
      expect([connection.status.get().state, transport.openings.length]).toEqual(['connected', 2]);
    },
  );

  it('and pauses the connection: it stays so', async () => {
    once(() => connection.tell('pause'));
    transport.latest.end(1006);
    await clock.advance(60_000);
    expect([connection.status.get(), transport.openings.length]).toEqual([{ state: 'idle' }, 1]);
  });

  it('and does neither: the connection goes on by its backoff', () => {
    once(() => {});
    transport.latest.end(1006);
    expect(connection.status.get()).toMatchObject({ state: 'waiting', reason: { code: 1006 } });
  });
});
