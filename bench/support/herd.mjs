/** Many clients lose their connection at once: when do they come back, if each goes by its own rule? */
import { createRandom } from './random.mjs';

/**
 * @typedef {object} Scenario
 * @property {string} key
 * @property {string} title
 * @property {number} away the server is gone for this long, ms; every attempt fails
 * @property {number | null} share it admits this share of the clients a second and refuses the others; null: all
 * @property {number} [spread] the server was drained, and asked its clients to spread over this time, ms
 *
 * @typedef {object} Client how one kind of client behaves
 * @property {(client: number, failures: number, now: number) => number} wait ms until the next attempt; Infinity: never
 * @property {(client: number, now: number) => void} [attempt] one begins
 * @property {(client: number, now: number) => void} [welcome] one succeeded
 *
 * @typedef {object} Rule
 * @property {string} name
 * @property {string} from package and version
 * @property {string} rule in words
 * @property {(world: { clients: number, random: () => number, roundTrip: Float64Array, scenario: Scenario }) => Client} create
 * @property {boolean} [givesUp] after some attempts it does not try again without a reload
 * @property {{ by: string, at: (index: number, clients: number) => number }} [drain] when a drained server closes each client
 *
 * @typedef {object} Result
 * @property {Rule} rule
 * @property {Scenario} scenario
 * @property {number} clients
 * @property {{ attempts: number, whileAway: number, refused: number, gaveUp: number, back: number }} counts
 * @property {{ half: number, most: number, all: number }} reached seconds after the server is there until 50 %, 99 % and all
 *   are back; Infinity: never
 * @property {Uint32Array} arrivals for each bin, from the drop on
 * @property {number} worst the most arrivals within any second in which the server is there
 */

/** Nobody is on the way any more by then, ms; a run that is still busy is an error. */
const HORIZON = 1_800_000;
/** Arrivals are counted in bins of this many ms; the worst second is the worst of all that are that many bins long. */
export const BIN = 20;
const BINS_IN_SECOND = 1000 / BIN;
/** A refusal, or the news of a lost connection, takes a round trip, or half of it; each client keeps its own, ms. */
export const ROUND_TRIP = { min: 20, max: 120 };

/** The same clients with the same networks for every rule. */
export function createRoundTrips(clients, seed) {
  const random = createRandom(seed, -1);
  return Float64Array.from({ length: clients }, () => ROUND_TRIP.min + random() * (ROUND_TRIP.max - ROUND_TRIP.min));
}

/**
 * Runs one herd to its end.
 *
 * @param {Rule} rule
 * @param {Scenario} scenario
 * @param {{ clients: number, roundTrip: Float64Array, random: () => number }} world
 * @returns {Result}
 */
export function stampede(rule, scenario, { clients, roundTrip, random }) {
  const herd = rule.create({ clients, random, roundTrip, scenario });
  const drain = scenario.spread === undefined ? undefined : rule.drain;
  const queue = createQueue(clients);
  const failures = new Uint16Array(clients);
  const arrivals = new Uint32Array(HORIZON / BIN);
  const limit = scenario.share === null ? Infinity : Math.floor(clients * scenario.share);
  const counts = { attempts: 0, whileAway: 0, refused: 0, gaveUp: 0, back: 0 };
  const reached = { half: Infinity, most: Infinity, all: Infinity };
  const admitted = new Uint32Array(HORIZON / 1000);

  /** The client hears at `now` that it has no connection. */
  function lose(client, now) {
    const wait = herd.wait(client, failures[client], now);
    if (!(wait >= 0)) throw new Error(`${rule.name} waits ${wait} ms.`);
    if (wait === Infinity) counts.gaveUp += 1;
    else queue.add(client, Math.ceil(now + wait + roundTrip[client] / 2));
  }

  for (let client = 0; client < clients; client += 1) {
    lose(client, (drain === undefined ? 0 : drain.at(client, clients)) + roundTrip[client] / 2);
  }
  for (let client = queue.take(); client !== -1; client = queue.take()) {
    const { now } = queue;
    const half = roundTrip[client] / 2;
    counts.attempts += 1;
    arrivals[Math.floor(now / BIN)] += 1;
    herd.attempt?.(client, now - half);
    const second = Math.floor((now - scenario.away) / 1000);
    if (second < 0) counts.whileAway += 1;
    else if (admitted[second] < limit) {
      admitted[second] += 1;
      counts.back += 1;
      herd.welcome?.(client, now + half);
      const since = (now - scenario.away) / 1000;
      if (counts.back === Math.ceil(clients * 0.5)) reached.half = since;
      if (counts.back === Math.ceil(clients * 0.99)) reached.most = since;
      if (counts.back === clients) reached.all = since;
      continue;
    } else counts.refused += 1;
    failures[client] += 1;
    lose(client, now + half);
  }

  const result = { rule, scenario, clients, counts, reached, arrivals, worst: worstSecond(arrivals, scenario.away) };
  check(result, admitted);
  return result;
}

/** The most arrivals within any second in which the server is there, from `from` ms on. */
function worstSecond(arrivals, from) {
  let sum = 0;
  let most = 0;
  for (let bin = from / BIN; bin < arrivals.length; bin += 1) {
    sum += arrivals[bin];
    const left = bin - BINS_IN_SECOND;
    if (left >= from / BIN) sum -= arrivals[left];
    most = Math.max(most, sum);
  }
  return most;
}

function check({ rule, scenario, clients, counts, reached, arrivals, worst }, admitted) {
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const share = scenario.share ?? 1;
  const facts = [
    [counts.back + counts.gaveUp === clients, 'every client is back or has given up'],
    [counts.gaveUp === 0 || rule.givesUp === true, 'only a rule with an end gives up'],
    [(counts.back === clients) === reached.all < Infinity, 'there is a time when all are back, if they are'],
    [sum(arrivals) === counts.attempts, 'each attempt arrived once'],
    [sum(admitted) === counts.back, 'each client was admitted once'],
    [counts.back + counts.refused + counts.whileAway === counts.attempts, 'each attempt was admitted, refused or in vain'],
    [counts.refused === 0 || share < 1, 'nobody is refused without a limit'],
    [counts.whileAway === 0 || scenario.away > 0, 'nothing is in vain while the server is there'],
    [worst <= counts.attempts - counts.whileAway, 'the worst second is one in which the server is there'],
    [admitted.every((number) => number <= clients * share), 'no second admits more than it may'],
  ];
  for (const [holds, claim] of facts) {
    if (!holds) throw new Error(`${rule.name}, ${scenario.key}: it does not hold that ${claim}: ${JSON.stringify(counts)}`);
  }
}

/**
 * Which client is due next. Each has at most one attempt on its way, so a list of clients for each millisecond is enough:
 * two arrays, and no step that grows with the number of clients.
 */
function createQueue(clients) {
  const heads = new Int32Array(HORIZON).fill(-1);
  const next = new Int32Array(clients).fill(-1);
  const queue = {
    now: 0,
    add(client, at) {
      if (at >= HORIZON) throw new Error(`A client comes back after ${at} ms, later than the simulation runs.`);
      if (at < queue.now) throw new Error('A client comes back in the past.');
      next[client] = heads[at];
      heads[at] = client;
    },
    /** @returns {number} -1: none is left */
    take() {
      while (queue.now < HORIZON && heads[queue.now] === -1) queue.now += 1;
      if (queue.now === HORIZON) return -1;
      const client = heads[queue.now];
      heads[queue.now] = next[client];
      return client;
    },
  };
  return queue;
}
