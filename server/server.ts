import type { Group } from '../src/contract/checks.ts';
import type { Contract } from '../src/contract/contract.ts';
import type { Item } from '../src/protocol/frame.ts';
import { isChannelName, isEventName } from '../src/protocol/names.ts';
import { toPlain } from '../src/protocol/payload.ts';
import { Admission } from './admission.ts';
import { memoryBroker } from './brokers/memory.ts';
import { Connections } from './connections.ts';
import { serverEnvironment } from './environment.ts';
import { Desk } from './http/desk.ts';
import { respond } from './http/fetch.ts';
import { Allowance, resolveLimits, resolveTiming } from './limits.ts';
import { createCounters } from './metrics.ts';
import { createOrigins } from './origins.ts';
import { Batcher } from './outgoing.ts';
import { Leases } from './presence-leases.ts';
import { Rosters } from './presence-roster.ts';
import { Registry } from './registry.ts';
import { createHandlers } from './requests.ts';
import { createRules, type Rule } from './rules.ts';
import { Runs } from './runs.ts';
import type { Services } from './services.ts';
import { pageLimit, Tails } from './tail.ts';
import type { DrainOptions, ServerCore, ServerEvent, ServerOptions, Untyped } from './types.ts';

const DAY = 86_400_000;

/**
 * The server without a transport. Nothing listens yet: give it sockets with `accept`.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createServerCore<C extends Contract<C> = Untyped>(options: ServerOptions<C>): ServerCore<C> {
  // What is inside knows names, payloads and users only as they come.
  return createCore(options as unknown as ServerOptions) as unknown as ServerCore<C>;
}

function createCore(options: ServerOptions): ServerCore {
  if (typeof options.authenticate !== 'function') throw new TypeError('authenticate must be a function');
  if (typeof options.channels !== 'object') throw new TypeError('channels must be an object of rules');
  const checks = options.contract?.['~checks'];
  if (options.contract !== undefined && typeof checks !== 'object') {
    throw new TypeError('contract must be what defineContract() returns');
  }
  const environment = serverEnvironment(options.environment);
  const limits = resolveLimits(options.limits);
  const timing = resolveTiming(options.timing);
  const counters = createCounters();
  const broker = options.broker ?? memoryBroker({ environment, laneLife: limits.outboxTtl + DAY });
  const onEvent = options.onEvent ?? print;
  const report: Services['report'] = (name, detail) => {
    if ('error' in detail) counters.faults += 1;
    try {
      onEvent({ name, at: environment.now(), detail });
    } catch (error) {
      // A logger that throws must not end a connection, nor be silenced.
      environment.defer(() => {
        throw error;
      });
    }
  };
  let known: string | null = null;
  const bornAt = environment.now();
  let recheckedAt = -Infinity;
  const services: Services = {
    handlers: createHandlers(options.requests),
    environment,
    limits,
    timing,
    rules: createRules(options.channels),
    broker,
    tails: new Tails(broker, pageLimit(limits.queue)),
    rosters: new Rosters({ broker, environment, limits, timing, report }),
    leases: new Leases({ broker, environment, timing, report }),
    batcher: new Batcher(environment.defer),
    registry: new Registry(limits.connections, environment, timing.supersedeAfter),
    allowance: new Allowance(limits.publishRate),
    requestAllowance: new Allowance(limits.requestRate),
    get runs() {
      return runs;
    },
    admission: new Admission(limits.admitRate, environment.random, environment.now()),
    counters,
    checks,
    authenticate: options.authenticate,
    memory: () => known ?? broker.memory().then((memory) => (known = memory)),
    recheckedFor: () => environment.now() - recheckedAt,
    age: () => environment.now() - bornAt,
    report,
  };
  const runs = new Runs(services);
  const connections = new Connections(services, createOrigins(options.origins));
  const desk = new Desk(services, connections);
  const stopRechecks = broker.onRecheck(() => {
    recheckedAt = environment.now();
    connections.recheck();
  });

  const close = async (): Promise<void> => {
    stopRechecks();
    connections.close();
    await connections.drain({ spread: 0, timeout: 2000 });
    connections.stop();
    runs.close();
    services.tails.close();
    services.rosters.close();
    if (options.broker === undefined) await broker.close();
  };

  return {
    limits,
    metrics: { get: () => ({ ...counters }) },
    accept: (socket, info) => connections.accept(socket, info),
    turnAway: (request) => connections.turnAway(request),
    serve: (exchange) => desk.serve(exchange),
    fetch: (request, { ip = '' } = {}) => respond(request, ip, (exchange) => desk.serve(exchange)),
    async publish(channel, event, data, { id = environment.createId(), by } = {}) {
      const rule = ruleOf(services, channel);
      if (rule.mode === 'live') throw new TypeError(`the rule '${rule.pattern}' keeps no log: use publishVolatile`);
      if (typeof id !== 'string' || id.length === 0 || id.length > 64) throw new TypeError('an id has 1 to 64 characters');
      if (by !== undefined && by.length > 256) throw new TypeError('`by` has at most 256 characters');
      const item = itemOf(services, 'events', channel, { id, event, data });
      const { cursor } = await broker.publish(channel, item, by ?? null, rule.keep);
      return { offset: cursor[1], id };
    },
    publishVolatile(channel, event, data) {
      ruleOf(services, channel);
      const item = itemOf(services, 'volatile', channel, { id: environment.createId(), event, data });
      broker.tell(channel, item, null).catch((error: unknown) => report('broker-failed', { channel, error }));
    },
    async members(channel) {
      ruleOf(services, channel);
      const { members } = await broker.presence.members(channel);
      return members.flatMap(({ id, by = null, data }) => {
        const checked = checks?.presence(channel, data) ?? { ok: true, value: data };
        if (checked.ok) return [{ id, user: by, data: checked.value }];
        // Another version of the app has let it in: as on a client it is shown to nobody.
        report('rule-failed', { channel, rule: 'presence', error: checked.error });
        return [];
      });
    },
    async cursor(channel) {
      const read = await broker.read(channel, { latest: 0 }, { entries: 1, bytes: 1 }, ruleOf(services, channel).keep);
      const [epoch, offset, tag] = read.top;
      return { epoch, offset, tag };
    },
    revoke: (user, { channel } = {}) => Promise.resolve(connections.revoke(user, channel)),
    drain: (drain: DrainOptions = {}) => connections.drain(drain),
    report,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Draft {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Without a rule nobody could read it, so it is a slip. */
function ruleOf({ rules }: Services, channel: string): Rule {
  if (!isChannelName(channel))
    throw new TypeError(`'${String(channel)}' is no channel name: 1 to 200 characters of A-Z a-z 0-9 : _ . -`);
  const match = rules(channel);
  if (match === null) throw new TypeError(`no rule in \`channels\` fits '${channel}'`);
  return match.rule;
}

function itemOf({ limits, checks }: Services, group: Group, channel: string, { id, event, data }: Draft): Item {
  if (!isEventName(event)) throw new TypeError('an event name has 1 to 200 characters and no control characters');
  const plain = toPlain(data, limits);
  if (!plain.ok) throw new TypeError(`this payload cannot be sent: ${plain.why}`);
  const checked = checks?.event(group, channel, event, plain.data);
  if (checked?.ok === false) throw new TypeError(checked.error.message, { cause: checked.error });
  return plain.data === undefined ? { id, e: event } : { id, e: event, d: plain.data };
}

function print({ name, detail }: ServerEvent): void {
  if ('error' in detail) console.error(`holdfast: ${name}`, detail);
}
