import type { Mode } from '../src/protocol/frame.ts';
import { isChannelName } from '../src/protocol/names.ts';
import type { Keep } from './brokers/broker.ts';
import type { ChannelRule } from './types.ts';

export interface Rule {
  readonly pattern: string;
  readonly subscribe: NonNullable<ChannelRule['subscribe']>;
  readonly publish: NonNullable<ChannelRule['publish']>;
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

/** A literal segment wins over a parameter, from the left. */
interface Node {
  readonly literals: Map<string, Node>;
  param: Node | null;
  leaf: { readonly rule: Rule; readonly names: readonly string[] } | null;
}

const PARAM = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
const CACHED = 10_000;

/** @throws TypeError naming the pattern that is not one, or means the same as another */
export function createRules(channels: Readonly<Record<string, ChannelRule>>): Rules {
  const root = createNode();
  for (const [pattern, given] of Object.entries(channels)) insert(root, pattern, given);
  // Bounded, because the names come from the wire.
  const cache = new Map<string, Match | null>();
  return (channel) => {
    let found = cache.get(channel);
    if (found === undefined) {
      found = find(root, channel.split(':'), 0, []);
      if (cache.size >= CACHED) cache.clear();
      cache.set(channel, found);
    }
    return found;
  };
}

function createNode(): Node {
  return { literals: new Map(), param: null, leaf: null };
}

function insert(root: Node, pattern: string, given: ChannelRule): void {
  const names: string[] = [];
  let node = root;
  for (const segment of pattern.split(':')) {
    const name = PARAM.exec(segment)?.[1];
    if (name === undefined) {
      if (segment !== '' && !isChannelName(segment)) throw new TypeError(`channels: '${pattern}' is no channel name or pattern`);
      let next = node.literals.get(segment);
      if (next === undefined) node.literals.set(segment, (next = createNode()));
      node = next;
    } else {
      if (names.includes(name)) throw new TypeError(`channels: '${pattern}' names {${name}} twice`);
      names.push(name);
      node = node.param ??= createNode();
    }
  }
  if (pattern === '') throw new TypeError('channels: a pattern must not be empty');
  if (node.leaf !== null) throw new TypeError(`channels: '${pattern}' and '${node.leaf.rule.pattern}' fit the same names`);
  node.leaf = { rule: resolveRule(pattern, given), names };
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
    mode,
    keep,
    showUser: given.showUser ?? true,
  };
}

function find(node: Node, segments: readonly string[], at: number, values: readonly string[]): Match | null {
  const segment = segments[at];
  if (segment === undefined) {
    if (node.leaf === null) return null;
    return { rule: node.leaf.rule, params: Object.fromEntries(node.leaf.names.map((name, index) => [name, values[index]!])) };
  }
  const literal = node.literals.get(segment);
  const found = literal === undefined ? null : find(literal, segments, at + 1, values);
  if (found !== null || node.param === null || segment === '') return found;
  return find(node.param, segments, at + 1, [...values, segment]);
}

/** Which readers a channel's mode can serve. */
export function serves(rule: Mode, reader: Mode): boolean {
  return rule === 'log' || reader === 'live' || rule === reader;
}
