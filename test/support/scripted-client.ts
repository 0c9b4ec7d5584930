/** A real client before a scripted server, on a clock that moves only when the test says so. */
import { afterEach, expect } from 'vitest';
import { createClient, webSocket } from '../../src/index.ts';
import type { Client, ClientOptions, HoldfastError, Message, Outcome, Status } from '../../src/index.ts';
import { type FakePage, createFakePage } from './page.ts';
import { createIds, createRandom } from './random.ts';
import { type Script, type ScriptedServer, createScriptedServer } from './scripted-server.ts';
import { type VirtualClock, createVirtualClock } from './virtual-clock.ts';

export interface Stage {
  readonly clock: VirtualClock;
  readonly page: FakePage;
  readonly server: ScriptedServer;
  readonly client: Client;
  /** What the app was told, in order; of the status only when its state changed. */
  readonly states: readonly Status['state'][];
  readonly errors: readonly HoldfastError[];
  readonly outcomes: readonly Outcome[];
  /** Subscribes to every event of a channel. @returns what is delivered, as it comes */
  read(channel?: string): readonly Message[];
}

/** Half of whatever is drawn: waits are known to the millisecond. */
export const HALF = (): number => 0.5;

/**
 * For a test file: opens stages, and after each test destroys their clients and sees that nothing is left of them
 * (invariant I16), and that nothing they sent was against the protocol.
 */
export function useStage(): (script?: Script, options?: ClientOptions) => Stage {
  let end: (() => Promise<void>) | null = null;
  afterEach(() => end?.());

  return (script = {}, { environment = {}, ...options } = {}) => {
    const clock = createVirtualClock();
    const page = createFakePage();
    const server = createScriptedServer(script, options.codec);
    const logged: unknown[] = [];
    const { now, setTimeout, clearTimeout } = clock;
    const client = createClient(server.url, {
      transports: [webSocket()],
      ...options,
      environment: {
        now,
        setTimeout,
        clearTimeout,
        random: HALF,
        createId: createIds(createRandom(1)),
        page,
        logError: (error) => void logged.push(error),
        WebSocket: server.WebSocket,
        ...environment,
      },
    });
    const states: Status['state'][] = [];
    const errors: HoldfastError[] = [];
    const outcomes: Outcome[] = [];
    client.status.subscribe(() => {
      const { state } = client.status.get();
      if (states.at(-1) !== state) states.push(state);
    });
    client.on('error', (error) => errors.push(error));
    client.on('outcome', (outcome) => outcomes.push(outcome));

    end = async () => {
      end = null;
      client.destroy();
      await clock.settle();
      server.stop();
      expect(client.status.get().state, 'after destroy()').toBe('closed');
      expect(clock.pending, 'timers left').toBe(0);
      expect(page.watchers, 'page listeners left').toBe(0);
      expect(
        server.peers.filter(({ closed }) => closed === null).map(({ index }) => index),
        'sockets left',
      ).toEqual([]);
      expect(server.faults, 'sent against the protocol').toEqual([]);
      expect(logged, 'errors that nobody was told').toEqual([]);
    };
    return {
      clock,
      page,
      server,
      client,
      states,
      errors,
      outcomes,
      read(channel = 'room') {
        const messages: Message[] = [];
        client.channel(channel).subscribeAll((message) => messages.push(message));
        return messages;
      },
    };
  };
}
