/** Runs in the page: up from transport to transport and down again, round after round, under load. */
import type { Accepted, Client, Message } from '../../../src/types.ts';
import { createPageClock } from './clock.ts';
import { createGates } from './gates.ts';
import { same, until } from './kit.ts';

export interface Outcome {
  readonly fault: string | null;
  readonly rounds: number;
  readonly published: number;
  /** What the channel's log is to end with. */
  readonly top: number;
  /** ms; of each move, by `from>to`, the slowest. */
  readonly slowest: Readonly<Record<string, number>>;
}

declare global {
  var outcome: Outcome | undefined;
}

const UP = ['sse', 'websocket', 'webrtc'] as const;
const DOWN = ['websocket', 'sse', 'long-polling'] as const;
/** Publications that are under way when a transport goes or comes. */
const BURST = 200;
/** Entries that each transport has to carry before the next move. */
const LEAST = 5;
/** While nothing is being opened and nothing is on its way up, so that no time limit is short. */
const FAST = 50;
/** An event stream that is silent for 4 s of the client's time is taken for held back. */
const FAST_STREAM = 20;

async function run(url: string, rounds: number): Promise<Omit<Outcome, 'fault' | 'rounds'>> {
  const { composeClient, json, longPolling, sse, webRTC, webSocket } = Holdfast;
  const clock = createPageClock();
  const allowed = new Set<string>(['long-polling']);
  const gates = createGates([webRTC(), webSocket(), sse(), longPolling()], allowed);
  let hint = (): void => {};
  const client: Client = composeClient({
    url,
    transports: gates.transports,
    codec: json(),
    environment: {
      ...{ now: clock.now, setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout },
      page: {
        online: () => true,
        visible: () => true,
        network: () => 'unknown',
        watch(listener) {
          hint = () => listener('network');
          return () => void (hint = () => {});
        },
      },
    },
  });
  const carrier = (): string => {
    const status = client.status.get();
    return status.state === 'connected' ? status.transport : status.state;
  };
  const steps: string[] = [];
  let state = '';
  let onAttempt = (): void => {};
  /** Whether a better one is awaited, which takes half a minute. */
  let climbing = false;
  const setPace = (): void => {
    const proves = climbing && (state === 'proving' || state === 'stable');
    const fast = carrier() === 'sse' ? FAST_STREAM : FAST;
    clock.run(proves || state === 'waiting' ? fast : 1);
  };
  client.on('trace', ({ name, detail: { to } }) => {
    if (typeof to !== 'string') return;
    state = to;
    steps.push(`${name}:${to}`);
    setPace();
    if (to === 'preparing') onAttempt();
  });
  const room = client.channel('room');
  const got: Message[] = [];
  const resets: string[] = [];
  for (const event of ['up', 'down']) room.subscribe(event, (_, message) => got.push(message));
  room.onReset(({ why }) => void resets.push(why));
  const accepting: Promise<Accepted>[] = [];
  const slowest: Record<string, number> = {};

  const said = (): string => `${carrier()} ${steps.slice(-12).join(' ')}`;
  /** Until it carries both ways: what was under way when it came, and what the back end publishes. */
  const settle = async (name: string, from: string): Promise<void> => {
    const began = Date.now();
    let hinted = clock.now();
    const arrived = (): boolean => {
      if (carrier() === name) return true;
      // A climb that failed is put off for minutes; the network changes again.
      if (climbing && clock.now() - hinted > 30_000) {
        hinted = clock.now();
        hint();
      }
      return false;
    };
    if (climbing) hint();
    await until(arrived, `on ${name}, coming from ${from}`, said);
    climbing = false;
    setPace();
    const before = gates.carried.get(name) ?? 0;
    await until(() => (gates.carried.get(name) ?? 0) >= before + LEAST, `carried by ${name}`, said);
    await until(() => client.outbox.status.get().pending === 0, `all accepted over ${name}`, said);
    same(carrier(), name, 'still on');
    const move = `${from}>${name}`;
    slowest[move] = Math.max(slowest[move] ?? 0, Date.now() - began);
  };
  const burst = (): void => {
    for (let n = 0; n < BURST; n += 1) accepting.push(room.publish('up', accepting.length).accepted);
  };

  await settle('long-polling', 'nothing');
  let at = 'long-polling';
  for (let round = 0; round < rounds; round += 1) {
    for (const next of UP) {
      onAttempt = burst;
      climbing = true;
      gates.allow(next);
      setPace();
      await settle(next, at);
      at = next;
    }
    onAttempt = () => {};
    for (const next of DOWN) {
      burst();
      gates.forbid(at);
      await settle(next, at);
      at = next;
    }
  }
  // The last message may have come before the last of what was published.
  const accepted = await Promise.all(accepting);
  const top = Math.max(...accepted.map(({ cursor }) => cursor!.offset));
  const offsets = (): readonly number[] => got.map(({ cursor }) => cursor!.offset);
  await until(() => (offsets().at(-1) ?? 0) >= top, 'all here', () => `${got.length} of ${top}`); // prettier-ignore
  same(resets, [], 'resets');
  // The back end had begun before.
  expectRun(offsets(), offsets()[0]!, 'offsets');
  const up = got.filter(({ own }) => own);
  expectRun(up.map(({ data }) => Number(data)), 0, 'of this page'); // prettier-ignore
  same(up.length, accepting.length, 'how many of this page');
  const down = got.filter(({ own }) => !own).map(({ data }) => Number(data));
  expectRun(down, down[0]!, 'of the back end');
  // Each receipt names the entry that was read.
  const wrong = accepted.findIndex(({ cursor, maybeDuplicate }, n) => maybeDuplicate || cursor!.offset !== up[n]!.cursor!.offset);
  same(wrong, -1, 'receipts');
  client.destroy();
  return { published: accepting.length, top, slowest };
}

/** @throws Error if it is not `first`, `first` + 1, … */
function expectRun(numbers: readonly number[], first: number, what: string): void {
  const wrong = numbers.findIndex((number, index) => number !== first + index);
  if (wrong !== -1) throw new Error(`${what}: … ${numbers.slice(Math.max(0, wrong - 3), wrong + 3).join(', ')} … from ${first}`);
}

const query = new URLSearchParams(location.search);
const rounds = Number(query.get('rounds'));
run(query.get('url')!, rounds).then(
  (done) => (globalThis.outcome = { fault: null, rounds, ...done }),
  (error: unknown) => (globalThis.outcome = { fault: String(error), rounds, published: 0, top: 0, slowest: {} }),
);
