/** One page behind one middlebox: which transport carries, how soon, and whether everything arrives in both directions. */
import { WebSocket as WsSocket } from 'ws';
import { expect, onTestFailed, onTestFinished } from 'vitest';
import type { Broker } from '../../server/brokers/broker.ts';
import { type ServerTiming, memoryBroker } from '../../server/index.ts';
import { composeClient, longPolling, sse, webSocket } from '../../src/index.ts';
import type { Transport } from '../../src/transports/transport.ts';
import type { Client, ClientOptions } from '../../src/types.ts';
import { hostBroker } from '../support/shared-broker.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { until } from '../support/until.ts';

const WebSocket = WsSocket as unknown as typeof globalThis.WebSocket;
const KEEP = { entries: 1000, age: 3_600_000 };
export const ROOM = 'room';

/** Ends with the test, also if it fails; the last one first. */
export function own<T extends AsyncDisposable>(thing: T): T {
  onTestFinished(() => Promise.resolve(thing[Symbol.asyncDispose]()));
  const { log } = thing as { readonly log?: () => string };
  if (log !== undefined) {
    const last = (): string => log().split('\n').slice(-60).join('\n');
    onTestFailed(() => console.error(last()));
  }
  return thing;
}

export interface Park {
  readonly broker: Broker;
  readonly servers: readonly ServerProcess[];
  readonly ports: readonly number[];
}

/** Server processes on one broker, in which there is something to read. */
export async function startServers(count: number, timing: Partial<ServerTiming> = {}, entries = 1): Promise<Park> {
  const broker = memoryBroker();
  const host = await hostBroker(broker);
  onTestFinished(() => host.close());
  const servers = await Promise.all(Array.from({ length: count }, () => startServerProcess({ broker: host.port, timing })));
  servers.forEach(own);
  for (let n = 0; n < entries; n += 1) {
    await broker.publish(ROOM, { id: `first-${n}`, e: 'first', d: 'what was there before' }, null, KEEP);
  }
  return { broker, servers, ports: servers.map(({ port }) => port) };
}

export interface Traveller {
  readonly client: Client;
  /** ms from the first call */
  readonly toWelcome: number;
  /** The same until a message that was in the log before is in the app's hands. */
  readonly toFirst: number;
  /** Of the connection that was first. */
  readonly transport: string;
  /** Of the connection at this moment; null if there is none. */
  now(): string | null;
  /** How many connections it has lost. */
  readonly losses: readonly string[];
  /**
   * 200 publications up and 200 of the back end down, at the same time.
   *
   * @param halfway called in the middle
   * @returns ms that it took
   */
  carry(halfway?: () => unknown): Promise<number>;
}

export const LADDER = (): [Transport, ...Transport[]] => [webSocket(), sse(), longPolling()];
const COUNT = 200;
const BURST = 10;
/** ms to carry it all, far above what it takes: what is lost never comes. */
const CARRY = 20_000;

export async function travel({ broker }: Park, port: number, options: Partial<ClientOptions> = {}): Promise<Traveller> {
  const begun = performance.now();
  const { environment, ...rest } = options;
  const client = composeClient({
    url: `http://127.0.0.1:${port}/realtime`,
    transports: LADDER(),
    channels: { [ROOM]: { rewind: 1 } },
    timing: { backoffBase: 50, backoffCap: 500 },
    environment: { WebSocket, ...environment },
    ...rest,
  });
  onTestFinished(() => client.destroy());
  const trace: string[] = [];
  client.on('trace', ({ name, detail }) =>
    trace.push(`${Math.round(performance.now() - begun)} ${name} ${JSON.stringify(detail)}`),
  );
  onTestFailed(() => console.error(trace.slice(-60).join('\n')));

  const seen: { readonly id: string; readonly event: string; readonly data: unknown; readonly offset: number }[] = [];
  const resets: string[] = [];
  const losses: string[] = [];
  let toFirst = 0;
  let toWelcome = 0;
  let transport = '';
  const room = client.channel(ROOM);
  client.status.subscribe(() => {
    const status = client.status.get();
    if (status.state === 'connected' && transport === '') {
      toWelcome = performance.now() - begun;
      ({ transport } = status);
    }
    if (status.state === 'waiting') losses.push(status.reason.name);
  });
  room.subscribeAll(({ id, event, data, cursor }) => {
    toFirst ||= performance.now() - begun;
    seen.push({ id, event, data, offset: cursor!.offset });
  });
  room.onReset(({ why }) => void resets.push(why));
  const told = (): string => `; the client is ${JSON.stringify(client.status.get())}`;
  await until(
    () => toFirst > 0,
    15_000,
    () => `the first message is there${told()}`,
  );

  return {
    client,
    toWelcome,
    toFirst,
    transport,
    losses,
    now() {
      const status = client.status.get();
      return status.state === 'connected' ? status.transport : null;
    },
    async carry(halfway) {
      const start = performance.now();
      const before = seen.length;
      const numbers = Array.from({ length: COUNT }, (_, n) => n);
      for (const n of numbers) {
        const receipt = room.publish('up', n);
        await broker.publish(ROOM, { id: `down-${before}-${n}`, e: 'down', d: n }, null, KEEP);
        // Not all in one batch: what is lost on the way must have a way.
        if (n % BURST === BURST - 1) await receipt.accepted;
        if (n === COUNT / 2 + BURST / 2) await halfway?.();
      }
      const expected = before + 2 * COUNT;
      await until(
        () => seen.length >= expected,
        CARRY,
        () => `all ${expected} are there, not ${seen.length}${told()}`,
      );
      const came = (event: string): unknown[] => seen.slice(before).flatMap((one) => (one.event === event ? [one.data] : []));
      expect(came('up')).toEqual(numbers);
      expect(came('down')).toEqual(numbers);
      // The log itself, entry by entry: nothing twice, nothing left out, nothing out of turn.
      const page = await broker.read(ROOM, { latest: 1000 }, { entries: 1000, bytes: 2 ** 24 }, KEEP);
      expect(page.ok && page.entries.map(({ id, o }) => [id, o])).toEqual(seen.map(({ id, offset }) => [id, offset]));
      expect(resets).toEqual([]);
      return performance.now() - start;
    },
  };
}

/** Nothing is said for `ms`: the only wait here that is for time itself, since it is what a middlebox counts. */
export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const rows: (readonly string[])[] = [];

/** A line for the table that {@link printRows} prints. */
export function row(middlebox: string, { transport, toWelcome, toFirst }: Traveller, carried: number | null): void {
  const ms = (value: number | null): string => (value === null ? '–' : String(Math.round(value)));
  rows.push([middlebox, transport, ms(toWelcome), ms(toFirst), ms(carried)]);
}

export function printRows(): void {
  const head = ['middlebox', 'transport', 'ms to welcome', 'ms to first message', 'ms for 200 up and 200 down'];
  const lines = [head, head.map(() => '---'), ...rows.splice(0)].map((cells) => `| ${cells.join(' | ')} |`);
  console.log(lines.join('\n'));
}
