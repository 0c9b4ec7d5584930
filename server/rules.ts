import type { Mode } from '../src/protocol/frame.ts';
import { createPatterns } from '../src/protocol/patterns.ts';
import type { Keep } from './brokers/broker.ts';
import type { ChannelRule, ServerOptions } from './types.ts';

export interface Rule {
  readonly pattern: string;
  readonly subscribe: NonNullable<ChannelRule['subscribe']>;
  readonly publish: NonNullable<ChannelRule['publish']>;
  readonly presence: NonNullable<ChannelRule['presence']>;
  readonly mode: Mode;
  readonly keep: Keep;
  readonly showUser: boolean;
}

export interface Match {
  readonly rule: Rule;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the rule of a channel; null if there is none. */
export type Rules = (channel: string) => Match | null;

const CACHED = 10_000;

/** @throws TypeError naming the pattern that is not one, or means the same as another */
export function createRules(channels: ServerOptions['channels']): Rules {
  const rules = Object.entries(channels).map(([pattern, given]) => [pattern, resolveRule(pattern, given)] as const);
  const find = createPatterns(Object.fromEntries(rules), (sentence) => new TypeError(sentence));
  // Bounded, because the names come from the wire.
  const cache = new Map<string, Match | null>();
  return (channel) => {
    let found = cache.get(channel);
    if (found === undefined) {
      const match = find(channel);
      found = match === null ? null : { rule: match.value, params: match.params };
      if (cache.size >= CACHED) cache.clear();
      cache.set(channel, found);
    }
    return found;
  };
}

function resolveRule(pattern: string, given: ChannelRule): Rule {
  const mode = given.mode ?? 'log';
  if (mode !== 'log' && mode !== 'latest' && mode !== 'live') {
    throw new TypeError(`channels: the mode of '${pattern}' must be log, latest or live, not ${String(mode)}`);
  }
  const keep = { entries: given.history?.entries ?? (mode === 'latest' ? 1 : 1000), age: given.history?.age ?? 86_400_000 };
  for (const [key, value] of Object.entries(keep)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TypeError(`channels: history.${key} of '${pattern}' must be a positive integer`);
  }
  return {
    pattern,
    subscribe: given.subscribe ?? false,
    publish: given.publish ?? false,
    presence: given.presence ?? given.subscribe ?? false,
    mode,
    keep,
    showUser: given.showUser ?? true,
  };
}

/** Which readers a channel's mode can serve. */
export function serves(rule: Mode, reader: Mode): boolean {
  return rule === 'log' || reader === 'live' || rule === reader;
}
