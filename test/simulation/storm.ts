/** One run: the plan's faults, then quiet, then the reckoning. */
import type { Encoded } from '../../src/protocol/codec.ts';
import type { Client, Receipt, Stop } from '../../src/types.ts';
import { createIds, createRandom } from '../support/random.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { Cable } from './cable.ts';
import { Fleet } from './fleet.ts';
import { Oracle, type Said } from './oracle.ts';
import { PageLife, createPageClient } from './page.ts';
import type { Action, Plan } from './plan.ts';

export interface Outcome {
  readonly violations: readonly string[];
  /** The same for the same seed, or something is not under the simulator's control. */
  readonly hash: string;
  readonly timeline: readonly string[];
  /** What happened, to see that the storm was one. */
  readonly counts: Readonly<Record<string, number>>;
}

interface Actor {
  readonly index: number;
  readonly user: string;
  readonly client: Client;
  readonly cable: Cable;
  readonly life: PageLife;
  /** Channel by id, of everything it published. */
  readonly ids: Map<string, string>;
  readonly receipts: Receipt[];
  readonly stops: Map<string, Stop>;
  said: number;
}

/** Long enough for two heartbeats, one capped backoff and the limit of attempts (invariant I7). */
const QUIET = 240_000;
/** Several times what the busiest plan needs. */
const MOST_TASKS = 200_000;

export async function runPlan(plan: Plan, { keepTimeline = false } = {}): Promise<Outcome> {
  const clock = createVirtualClock(1_000_000, MOST_TASKS);
  const random = createRandom(plan.seed);
  const createId = createIds(random);
  const oracle = new Oracle(clock.now);
  const timeline: string[] = [];
  const counts: Record<string, number> = {};
  let hash = 2_166_136_261;
  const record = (event: string): void => {
    // FNV-1a
    for (let i = 0; i < event.length; i += 1) hash = Math.imul(hash ^ event.charCodeAt(i), 16_777_619) >>> 0;
    if (keepTimeline) timeline.push(`${String(clock.now() - 1_000_000).padStart(7)} ${event}`);
  };
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);

  const cables: Cable[] = [];
  const fleet = await Fleet.start({ plan, clock, random, createId, oracle, cables });
  const actors = plan.pages.map((page, index): Actor => {
    const life = new PageLife(clock);
    const user = page.tokens ? `u${index}` : 'anonymous';
    const cable = new Cable({
      clock,
      random,
      server: () => {
        oracle.attempted(index);
        return fleet.any();
      },
      record: (way, data) => record(`page ${index} ${way} ${show(data)}`),
      arrive: life.arrive,
    });
    cables.push(cable);
    const getToken = (): string => `${user} ${clock.now() + plan.tokenLife}`;
    const client = createPageClient({
      random,
      createId,
      cable,
      life,
      user,
      getToken: page.tokens ? getToken : undefined,
      binary: page.binary,
    });
    client.on('outcome', (outcome) => {
      record(`page ${index} outcome ${outcome.id} ${outcome.result}`);
      count(outcome.result);
      oracle.outcome(index, outcome);
    });
    client.on('trace', ({ name, detail }) =>
      record(`page ${index} ${name}: ${String(detail['from'])} → ${String(detail['to'])}`),
    );
    return { index, user, client, cable, life, ids: new Map(), receipts: [], stops: new Map(), said: 0 };
  });

  const join = ({ index, client, life, stops }: Actor, channel: string): void => {
    if (stops.has(channel)) return;
    const handle = client.channel(channel);
    const stopAll = handle.subscribeAll((message) => {
      record(`page ${index} got ${message.id} ${message.cursor?.offset ?? 'volatile'}`);
      count(message.cursor === null ? 'heard' : 'delivered');
      oracle.delivered(index, channel, message);
    });
    const stopResets = handle.onReset(async (reset) => {
      record(`page ${index} reset ${reset.channel} ${reset.why} ${reset.cursor.offset}`);
      count(`reset ${reset.why}`);
      oracle.reset(index, reset);
      const takes = plan.reset.takes * random();
      if (takes > 0) await new Promise<void>((resolve) => void life.setTimeout(resolve, takes));
      oracle.reloaded(index, channel);
      if (random() < plan.reset.fails) throw new Error('the reset handler failed, as the plan has it');
    });
    stops.set(
      channel,
      Object.assign(() => (stopAll(), stopResets()), { [Symbol.dispose]() {} }),
    );
  };
  const leave = ({ index, stops }: Actor): void => {
    for (const [channel, stop] of stops) {
      stop();
      oracle.left(index, channel);
    }
    stops.clear();
  };
  const publish = (actor: Actor, action: Extract<Action, { type: 'publish' }>): void => {
    for (let left = action.count; left > 0; left -= 1) {
      const data: Said = { page: actor.index, n: (actor.said += 1), user: actor.user };
      const options = action.ttl === null ? {} : { ttl: action.ttl };
      const receipt = actor.client.channel(action.channel).publish('said', data, options);
      actor.ids.set(receipt.id, action.channel);
      actor.receipts.push(receipt);
    }
  };

  const perform = async (action: Action): Promise<void> => {
    record(`— ${JSON.stringify(action)}`);
    count(action.type);
    if (action.type === 'crash') return fleet.crash(action.server);
    if (action.type === 'drain') return fleet.drain(action.server);
    if (action.type === 'lose-store') return fleet.loseStore();
    const actor = actors['page' in action ? action.page : 0]!;
    const { client, cable, life } = actor;
    switch (action.type) {
      case 'publish':
        return publish(actor, action);
      case 'tell':
        return void client.channel(action.channel).publishVolatile('told', { page: action.page });
      case 'cancel':
        return void actor.receipts.at(-1)?.cancel();
      case 'cut':
        return cable.cut(action.who);
      case 'stall':
        return cable.stall(action.way);
      case 'heal':
        return cable.heal();
      case 'mode':
        return cable.set(action.mode);
      case 'latency':
        return cable.latency(action.min, action.max);
      case 'hide':
        return life.hide();
      case 'show':
        return life.show();
      case 'freeze':
        return life.freeze();
      case 'thaw':
        return life.thaw();
      case 'offline':
        return life.page.set({ online: false });
      case 'online':
        return life.page.set({ online: true });
      case 'retry':
        return client.retryNow();
      case 'pause':
        return client.disconnect();
      case 'resume':
        return client.connect();
      case 'leave':
        return leave(actor);
      case 'join':
        return plan.channels.forEach((channel) => join(actor, channel));
      case 'jump':
        return life.jump(action.ms);
      case 'revoke':
        return fleet.servers.forEach((server) => void server.revoke(actor.user));
    }
  };

  for (const actor of actors) plan.channels.forEach((channel) => join(actor, channel));
  let now = 0;
  for (const { at, action } of plan.schedule) {
    await clock.advance(at - now);
    now = at;
    await perform(action);
  }
  await clock.advance(plan.storm - now);

  record('— quiet');
  fleet.bootAll();
  for (const { cable, life, client } of actors) {
    cable.set('open');
    cable.latency(1, 20);
    cable.heal();
    life.thaw();
    life.show();
    life.page.set({ online: true });
    client.connect();
  }
  await clock.advance(QUIET);
  for (const { index, ids, stops } of actors) {
    oracle.settle(
      index,
      ids,
      plan.schedule.some(({ action }) => action.type === 'lose-store'),
    );
    for (const channel of plan.channels) oracle.caughtUp(index, channel, await fleet.top(channel), stops.has(channel));
  }
  for (const { client } of actors) client.destroy();
  const closed = fleet.close();
  await clock.advance(60_000);
  await closed;
  if (clock.pending > 0) oracle.fail('I16', `${clock.pending} timers are left after everything was destroyed`);
  for (const { index, cable } of actors)
    if (cable.open > 0) oracle.fail('I16', `page ${index} left ${cable.open} connections open`);
  return { violations: oracle.violations, hash: hash.toString(16), timeline, counts };
}

function show(data: Encoded): string {
  return typeof data === 'string' ? data : `${data.length} bytes ${data.join(',')}`;
}
