/**
 * When the peers try again after a connection was lost, by default, as published. `wait(client, failures, now)` is the
 * time in ms from the moment a client hears that its connection (failures 0) or its nth attempt (failures n) is lost until
 * the next attempt; Infinity: it never tries again by itself. Each rule names the file of the package it was read from.
 */

const GIVES_UP = Infinity;
/** The steps one after the other, then `rest` for ever. */
const steps = (delays, rest) => () => ({ wait: (_client, failures) => delays[failures] ?? rest });
const always = (delay) => steps([], delay);
/** `base × factor ** failures`, at most `cap`. */
const exponential = (base, factor, cap) => () => ({
  wait: (_client, failures) => Math.min(cap, base * factor ** failures),
});

/** build/esm/contrib/backo2.js and manager.js: the jitter is drawn before the cap, and once for size and sign. */
function socketIo({ random }) {
  return {
    wait(_client, failures) {
      const delay = 1000 * 2 ** failures;
      const draw = random();
      const deviation = Math.floor(draw * 0.5 * delay);
      const jittered = (Math.floor(draw * 10) & 1) === 0 ? delay - deviation : delay + deviation;
      return Math.trunc(Math.min(5000, jittered));
    },
  };
}

/** build/index.js, `backoff` and `_getReconnectDelay`. */
function centrifuge({ random }) {
  return {
    wait(_client, failures) {
      const jitter = Math.floor(random() * (Math.min(20_000, 500 * 2 ** failures) + 1));
      return Math.min(20_000, 500 + jitter);
    },
  };
}

/** dist/reconnecting-websocket-mjs.js, DEFAULT: the first delay is drawn when the module is loaded, once a page. */
function reconnectingWebSocket({ clients, random }) {
  const first = Float64Array.from({ length: clients }, () => 1000 + random() * 4000);
  return { wait: (client, failures) => Math.min(10_000, first[client] * 1.3 ** failures) };
}

/**
 * dist/client.js, `retryWait` and `shouldRetryConnectOrThrow`: five attempts. By default an attempt that fails is fatal,
 * because a WebSocket that could not be opened fires `error` before `close`; `shouldRetry: () => true` is its way out.
 */
function graphqlWs({ random }) {
  return {
    wait: (_client, failures) => (failures < 5 ? 1000 * 2 ** failures + Math.floor(random() * 2700 + 300) : GIVES_UP),
  };
}

/**
 * src/common/lib/transport/connectionmanager.ts, `notifyState`, and util/utils.ts, `getRetryTime`: at once after the loss
 * of a connection, then 15 s × (n + 2) / 3, at most × 2, less up to a fifth; after two minutes ("suspended") each 30 s.
 */
function ably({ clients, random }) {
  const TTL = 120_000;
  const SUSPENDED = 30_000;
  const lost = new Float64Array(clients);
  return {
    wait(client, failures, now) {
      if (failures === 0) {
        lost[client] = now;
        return 0;
      }
      const elapsed = now - lost[client];
      if (elapsed >= TTL) return SUSPENDED;
      const delay = 15_000 * Math.min((failures + 3) / 3, 2) * (1 - random() * 0.2);
      return elapsed + delay < TTL ? delay : TTL - elapsed + SUSPENDED;
    },
  };
}

/**
 * lib/options.js and protocol.js, `dodialLoop`: at once, then 2 s and 0 to 100 ms after the start of the attempt before.
 * The wait is drawn again each time it has passed, until a draw is not longer than what was waited. Ten attempts.
 */
function nats({ random, roundTrip }) {
  const draw = () => 2000 + Math.floor(random() * 101);
  return {
    wait(client, failures) {
      if (failures === 0) return 0;
      if (failures >= 10) return GIVES_UP;
      let waited = draw();
      for (let wanted = draw(); wanted > waited; wanted = draw()) waited = wanted;
      return Math.max(0, waited - roundTrip[client]);
    },
  };
}

/** src/fetch.ts, `createFetchWithBackoff`. The servers here send no Retry-After. */
function electric({ random }) {
  return { wait: (_client, failures) => random() * Math.min(32_000, 1000 * 2 ** failures) };
}

// ---- servers that close their connections one after the other when they are shut down ----------------------------------

/**
 * phoenixframework/phoenix, lib/phoenix/socket/pool_supervisor.ex, `PoolDrainer`: on by default, 10,000 sockets each 2 s; what
 * is left after 30 s is closed with the process.
 */
const phoenixDrainer = (index) => Math.min(30_000, Math.floor(index / 10_000) * 2000);

/**
 * nats-io/nats-server 2.14, server/server.go, `lameDuckMode`: over (lame_duck_duration − lame_duck_grace_period), with pauses
 * of 0.625 of an even share on average (drawn from 0 to 1, but at least 0.5). 30 s is the shortest duration it accepts, and
 * nearest to the 10 s of the scenario; the default of 2 min would take 69 s.
 */
const natsLameDuck = (index, clients) => (index / clients) * 0.625 * (30_000 - 10_000);

/** @type {readonly import('../support/herd.mjs').Rule[]} */
export const peers = [
  {
    name: 'Socket.IO',
    from: 'socket.io-client 4.8.4',
    rule: '1 s × 2ⁿ ± up to 50 %, then at most 5 s: from the fifth attempt exactly 5 s',
    create: socketIo,
  },
  { name: 'Centrifuge', from: 'centrifuge 5.8.0', rule: '0.5 s + random(0, 0.5 s × 2ⁿ), at most 20 s', create: centrifuge },
  // dist/ws.js, DEFAULT and _getNextDelay
  { name: 'PartySocket', from: 'partysocket 1.3.0', rule: '3 s × 1.3ⁿ, at most 10 s', create: exponential(3000, 1.3, 10_000) },
  {
    name: 'ReconnectingWebSocket',
    from: 'reconnecting-websocket 4.4.0',
    rule: '1 to 5 s, drawn once a page, × 1.3ⁿ, at most 10 s',
    create: reconnectingWebSocket,
  },
  {
    // assets/js/phoenix/socket.js, reconnectAfterMs
    name: 'Phoenix',
    from: 'phoenix 1.8.16',
    rule: '10, 50, 100, 150, 200, 250, 500 ms, 1 s, 2 s, then 5 s',
    create: steps([10, 50, 100, 150, 200, 250, 500, 1000, 2000], 5000),
    drain: { by: 'its server’s drainer: 10,000 clients each 2 s, the rest after 30 s', at: phoenixDrainer },
  },
  {
    // dist/module/RealtimeClient.js, RECONNECT_INTERVALS; its server, supabase/realtime, is a Phoenix endpoint with the defaults
    name: 'Supabase',
    from: '@supabase/realtime-js 2.119.1',
    rule: '1, 2, 5 s, then 10 s',
    create: steps([1000, 2000, 5000], 10_000),
    drain: { by: 'Phoenix’s drainer: 10,000 clients each 2 s, the rest after 30 s', at: phoenixDrainer },
  },
  {
    // dist/esm/DefaultReconnectPolicy.js
    name: 'SignalR',
    from: '@microsoft/signalr 10.0.11',
    rule: '`withAutomaticReconnect()`: 0, 2, 10, 30 s, then gives up; by default it does not reconnect',
    create: steps([0, 2000, 10_000, 30_000], GIVES_UP),
    givesUp: true,
  },
  // build/lib/client.js, reconnectPeriod
  { name: 'MQTT.js', from: 'mqtt 5.16.0', rule: '1 s', create: always(1000) },
  {
    name: 'graphql-ws',
    from: 'graphql-ws 6.4.2',
    rule: '`shouldRetry: () => true`: 1 s × 2ⁿ + random(0.3, 3 s), gives up after 5 attempts; by default after the first that fails',
    create: graphqlWs,
    givesUp: true,
  },
  // src/protocol/dispatcher.js, DEFAULT_RETRY; transport.js drops the word that would make the first one immediate
  { name: 'Faye', from: 'faye 1.4.3', rule: '5 s', create: always(5000) },
  {
    name: 'Ably',
    from: 'ably 2.28.0',
    rule: 'at once, then 15 s × 4/3, 5/3, 2 …, each × random(0.8, 1); after 2 min each 30 s',
    create: ably,
  },
  {
    // src/y-websocket.js, closeWebsocketConnection: the counter is raised before it is used
    name: 'y-websocket',
    from: 'y-websocket 3.1.0',
    rule: '200 ms × 2ⁿ, at most 2.5 s',
    create: exponential(200, 2, 2500),
  },
  {
    name: 'NATS',
    from: '@nats-io/nats-core 3.4.0',
    rule: 'at once, then 2 s + random(0, 100 ms); gives up after 10 attempts',
    create: nats,
    givesUp: true,
    drain: { by: 'its server’s lame duck mode, at its shortest', at: natsLameDuck },
  },
  {
    // dist/index.js, BACKOFF_DELAYS
    name: 'Liveblocks',
    from: '@liveblocks/core 3.24.2',
    rule: '0.25, 0.5, 1, 2, 4, 8 s, then 10 s',
    create: steps([250, 500, 1000, 2000, 4000, 8000], 10_000),
  },
  { name: 'Electric', from: '@electric-sql/client 1.5.28', rule: 'random(0, 1 s × 2ⁿ), at most 32 s', create: electric },
];
