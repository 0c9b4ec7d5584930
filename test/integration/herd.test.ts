// Holds I13 (docs/guarantees.md).
/** Everybody comes back at once, over real sockets: what the servers then see. Measured by the wall clock, as it must be. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket as WsSocket } from 'ws';
import { type Broker, type Server, type ServerLimits, createServer, memoryBroker } from '../../server/index.ts';
import { createClient } from '../../src/index.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

const CLIENTS = 300;
const DRAINS = 3;
const SPREAD = 3000;
const SLACK = 1000;
const BIN = 100;
const BINS = (SPREAD + SLACK) / BIN;
/** How often all checks of chance together may fail a right implementation. */
const ALARM = 1e-6;

const disposers: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

const WebSocket = WsSocket as unknown as typeof globalThis.WebSocket;
const until = (at: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));

/** @param onHello is told the token of each connection */
async function start(
  broker: Broker,
  onHello: (token: string) => void,
  limits: Partial<ServerLimits> = {},
): Promise<{ readonly server: Server; readonly port: number }> {
  const http = createHttpServer();
  const server = createServer({
    authenticate: ({ token }) => (onHello(token!), { user: { id: token! } }),
    channels: { '{room}': { subscribe: true } },
    limits,
    broker,
  });
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  disposers.push(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return { server, port: (http.address() as AddressInfo).port };
}

/** Clients as an app makes them, each with its own chance. Resolves when each has got the newest message of the room. */
async function gather(port: number): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const seen = new Map<string, unknown[]>();
  await new Promise<void>((resolve) => {
    for (let i = 0; i < CLIENTS; i += 1) {
      const user = `client-${i}`;
      const got: unknown[] = [];
      const client = createClient(`http://127.0.0.1:${port}/realtime`, {
        user,
        getToken: () => user,
        channels: { room: { rewind: 1 } },
        environment: { WebSocket },
      });
      disposers.push(() => client.destroy());
      client.channel('room').subscribe('n', (n) => {
        got.push(n);
        if (got.length === 1 && seen.set(user, got).size === CLIENTS) resolve();
      });
    }
  });
  return seen;
}

/** P(X ≥ k) for X of the binomial distribution, summed term by term. */
function binomialTail(n: number, p: number, k: number): number {
  let term = (1 - p) ** n;
  let tail = 0;
  for (let i = 0; i <= n; i += 1) {
    if (i >= k) tail += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return tail;
}

/** The most that may arrive in `ms`: more in any bin of any drain takes the other half of the alarm. */
function mostIn(ms: number): number {
  let most = 0;
  while (binomialTail(CLIENTS, Math.min(1, ms / SPREAD), most + 1) > ALARM / 2 / (DRAINS * BINS)) most += 1;
  return most;
}

/**
 * How far the share that has arrived may stray from the share of the spread that is over, at any time: the inequality of
 * Dvoretzky, Kiefer and Wolfowitz with the constant of Massart (1990), P(D > d) ≤ exp(−2nd²) to each side. Two sides, three
 * drains, half of the alarm: 0.165.
 */
const STRAY = Math.sqrt(Math.log((2 * DRAINS) / (ALARM / 2)) / (2 * CLIENTS));

describe('clients of a server that drains', () => {
  /*
   * Why a loaded machine does not fail this. Whatever stands still makes an arrival late, never early, and the test measures
   * the longest stall itself. From the drain to the arrival there are six turns of the event loop: the drain, the balancer
   * twice, the client, its timer, and the balancer again. Each waits for one stall at most.
   * - The main check compares the whole distribution. To the early side it allows for nothing; to the late side for six
   *   stalls, as a share of the spread.
   * - The bins of 100 ms catch a narrow peak. How late a client hears of the drain does not depend on what it draws then, so
   *   only the turns after the draw matter, three with one to spare: what arrives in a bin was due in it or in three stalls
   *   before, a binomial number with that share of the spread. 10 are expected in a bin, and at most 32 without a stall.
   *   There is no least number: even an empty bin is no rare thing among 90.
   */
  it('come back once each, evenly over the spread, and lose nothing', { timeout: 40_000 }, async () => {
    const broker = memoryBroker();
    const arrivals: number[] = [];
    const hellos: string[] = [];
    const fresh = (): ReturnType<typeof start> => start(broker, (token) => hellos.push(token));
    let current = await fresh();
    const balancer = await createTcpProxy(() => {
      arrivals.push(performance.now());
      return current.port;
    });
    disposers.push(() => balancer[Symbol.asyncDispose]());
    await current.server.publish('room', 'n', 0);
    const seen = await gather(balancer.port);
    const everybody = [...seen.keys()].sort();
    await until(performance.now() + 500);
    expect(hellos.splice(0).sort()).toEqual(everybody);

    for (let drain = 1; drain <= DRAINS; drain += 1) {
      const { server: old } = current;
      const next = await fresh();
      const stalls = monitorEventLoopDelay({ resolution: 5 });
      stalls.enable();
      // Before the drain nobody has come again.
      expect(arrivals.splice(0)).toHaveLength(CLIENTS);
      current = next;
      const at = performance.now();
      await Promise.all([old.drain({ spread: SPREAD }), next.server.publish('room', 'n', drain)]);
      await until(at + 2 * BIN);
      const rush = stalls.max / 1e6;
      stalls.reset();
      await until(at + SPREAD + SLACK);
      stalls.disable();
      const calm = stalls.max / 1e6;
      const longest = Math.max(rush, calm);

      const times = arrivals.map((time) => time - at);
      expect(times).toHaveLength(CLIENTS);
      expect(hellos.splice(0).sort()).toEqual(everybody);
      // They were noted as they came, so they are in order.
      const early = Math.max(...times.map((time, i) => (i + 1) / CLIENTS - time / SPREAD));
      const late = Math.max(...times.map((time, i) => time / SPREAD - i / CLIENTS));
      expect(early).toBeLessThanOrEqual(STRAY);
      expect(late).toBeLessThanOrEqual(STRAY + (6 * longest) / SPREAD);
      for (let bin = 0; bin < BINS; bin += 1) {
        const count = times.filter((time) => Math.floor(time / BIN) === bin).length;
        // The rush of the drain itself is over for those that were due after 200 ms.
        const stall = bin >= 3 && 3 * calm <= BIN ? calm : longest;
        expect(count, `from ${bin * BIN} ms`).toBeLessThanOrEqual(mostIn(BIN + 3 * stall));
      }
      expect([old.metrics.get()['connections'], next.server.metrics.get()['connections']]).toEqual([0, CLIENTS]);
    }
    // No second wave.
    await until(performance.now() + 5000 - SLACK);
    expect([arrivals.length, hellos.length, balancer.open]).toEqual([CLIENTS, 0, CLIENTS]);
    expect([...seen.values()]).toEqual(everybody.map(() => [0, 1, 2, 3]));
  });
});

describe('clients of a server that takes few at once', () => {
  it('all get in, no faster than the server allows', async () => {
    const admitRate = 60;
    const welcomed: number[] = [];
    const started = performance.now();
    const { server, port } = await start(memoryBroker(), () => welcomed.push(performance.now() - started), { admitRate });
    await server.publish('room', 'n', 0);
    expect((await gather(port)).size).toBe(CLIENTS);
    // A stall makes one late, never early, so this holds on any machine. One more for the rounding of the clock.
    for (const [i, time] of welcomed.entries()) expect(i).toBeLessThanOrEqual(4 * admitRate + (admitRate * time) / 1000);
    const { accepted, turnedAway, admitLimited } = server.metrics.get();
    expect(accepted).toBe(CLIENTS);
    // On a machine that is slower than the rate this is none.
    expect(turnedAway).toBe(admitLimited);
  });
});
