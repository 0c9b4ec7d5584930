/** A contract at run time: what its validators say of what travels. */
import { HoldfastError } from '../errors.ts';
import { type PatternMatch, createPatterns } from '../protocol/patterns.ts';
import type { ChannelSchemas, ContractSchemas } from './contract.ts';
import { type Reception, createReception } from './reception.ts';
import { type Checked, type Details, validate } from './validate.ts';

/** Those of logged events, or of volatile ones. */
export type Group = 'events' | 'volatile';

/**
 * The wire carries what the validators take (`data`), handlers get what they return (`value`). Where a contract names no
 * validator for presence, a snapshot, params or a result, the data passes as it is.
 */
export interface Checks {
  /** Whether a pattern of the contract fits. */
  names(channel: string): boolean;
  /** What is published. An event that the contract does not name in this group is refused. */
  event(group: Group, channel: string, event: string, data: unknown): Checked;
  presence(channel: string, data: unknown): Checked;
  snapshot(channel: string, data: unknown): Checked;
  /** A method that the contract does not name is refused. */
  params(method: string, data: unknown): Checked;
  result(method: string, data: unknown): Checked;
  /** What one client receives. */
  reception(report: (error: unknown) => void): Reception;
}

type Found = PatternMatch<ChannelSchemas> | null;

/** Channels whose pattern is remembered. */
const CACHED = 1000;

/** @throws HoldfastError `invalid-option` for what is no pattern, or fits the same names as another */
export function createChecks({ channels = {}, requests = {} }: ContractSchemas): Checks {
  const match = createPatterns(channels, (sentence) => new HoldfastError('invalid-option', `${sentence}.`));
  const cache = new Map<string, Found>();
  const find = (channel: string): Found => {
    let found = cache.get(channel);
    if (found !== undefined) return found;
    found = match(channel);
    // Bounded, because on a server the names come from the wire.
    if (cache.size >= CACHED) cache.clear();
    cache.set(channel, found);
    return found;
  };
  const request = (part: 'params' | 'result', method: string, data: unknown): Checked => {
    const named = own(requests, method);
    if (named === undefined) return refuse(`The contract names no method '${method}'.`, { method });
    return validate(named[part], data, `the ${part} of '${method}'`, { method });
  };
  const state = (part: 'presence' | 'snapshot', channel: string, data: unknown): Checked =>
    validate(find(channel)?.value[part], data, `the ${part} data of channel '${channel}'`, { channel });

  return {
    names: (channel) => find(channel) !== null,
    event(group, channel, event, data) {
      const named = find(channel)?.value;
      const schema = own(named?.[group], event);
      const details = { channel, event };
      if (schema === undefined) return refuse(unnamed(group, channel, event, named), details);
      return validate(schema, data, titled(details), details);
    },
    presence: (channel, data) => state('presence', channel, data),
    snapshot: (channel, data) => state('snapshot', channel, data),
    params: (method, data) => request('params', method, data),
    result: (method, data) => request('result', method, data),
    reception: (report) =>
      createReception(
        {
          message(channel, event, data, id) {
            const { pattern = channel, value: named = {} } = find(channel) ?? {};
            // No event has two validators, so it does not matter which way the message came.
            const schema = own(named.events, event) ?? own(named.volatile, event);
            const details = { channel, event, id };
            return schema === undefined ? pattern : validate(schema, data, titled(details), details);
          },
          snapshot: (channel, data) => state('snapshot', channel, data),
        },
        report,
      ),
  };
}

/** The names come from the wire: `constructor` must not find Object's. */
function own<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}

function titled({ channel, event }: { readonly channel: string; readonly event: string }): string {
  return `'${event}' of channel '${channel}'`;
}

function unnamed(group: Group, channel: string, event: string, named: ChannelSchemas | undefined): string {
  const [kind, other, method] =
    group === 'events' ? (['logged', 'volatile', 'publishVolatile'] as const) : (['volatile', 'events', 'publish'] as const);
  const hint = own(named?.[other], event) === undefined ? '' : `: use ${method}`;
  return `The contract names no ${kind} event '${event}' for channel '${channel}'${hint}.`;
}

function refuse(message: string, details: Details): Checked {
  return { ok: false, error: new HoldfastError('invalid', message, { details }) };
}
