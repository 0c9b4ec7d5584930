import { describe, expect, it } from 'vitest';
import { createRules, serves } from '../../../server/rules.ts';

const patterns = (...names: readonly string[]) =>
  createRules(Object.fromEntries(names.map((name) => [name, { subscribe: true }])));

describe('rules', () => {
  it.each([
    ['room:{id}', 'room:42', { id: '42' }],
    ['room:{id}', 'room:a.b_c-d', { id: 'a.b_c-d' }],
    ['prices', 'prices', {}],
    ['{any}', 'whatever', { any: 'whatever' }],
    ['{a}:x:{b}', '1:x:2', { a: '1', b: '2' }],
    ['a::b', 'a::b', {}],
    ['room:{id}:calls', 'room:42:calls', { id: '42' }],
  ])('%s fits %s', (pattern, channel, params) => {
    expect(patterns(pattern)(channel)).toMatchObject({ rule: { pattern }, params });
  });

  it.each([
    ['room:{id}', 'room'],
    ['room:{id}', 'room:'],
    ['room:{id}', 'room:1:2'],
    ['room:{id}', 'rooms:1'],
    ['room:{id}:calls', 'room:1'],
    ['prices', 'prices:1'],
    ['a:b', 'a'],
    ['constructor', '__proto__'],
  ])('%s does not fit %s', (pattern, channel) => {
    expect(patterns(pattern)(channel)).toBeNull();
  });

  it.each([
    ['room:lobby', 'room:lobby'],
    ['room:42', 'room:{id}'],
    ['room:lobby:calls', 'room:{id}:{tab}'],
    ['hall:lobby:calls', '{any}:lobby:calls'],
    ['room:42:x', 'room:{id}:{tab}'],
    ['room:lobby:y', 'room:{id}:{tab}'],
  ])('literal segments win, from the left: %s goes to %s', (channel, pattern) => {
    const rules = patterns('room:{id}', 'room:lobby', 'room:{id}:{tab}', '{any}:lobby:calls', 'room:lobby:x');
    expect(rules(channel)?.rule.pattern).toBe(pattern);
  });

  it('has no rule where there is none', () => {
    expect(patterns()('room:1')).toBeNull();
  });

  it.each([
    ['room:*', /no channel name or pattern/],
    ['', /no channel name or pattern/],
    ['room:{1d}', /no channel name or pattern/],
    ['room:x{id}', /no channel name or pattern/],
    ['{a}:{a}', /twice/],
  ])('refuses the pattern %j', (pattern, why) => {
    expect(() => patterns(pattern)).toThrow(why);
  });

  it('refuses two patterns that fit the same names', () => {
    expect(() => patterns('room:{id}', 'room:{name}')).toThrow(/fit the same names/);
  });

  it.each([
    [{ mode: 'fast' as never }, /mode of 'a'/],
    [{ history: { entries: 0 } }, /history.entries of 'a'/],
    [{ history: { age: 1.5 } }, /history.age of 'a'/],
  ])('refuses the rule %j', (rule, why) => {
    expect(() => createRules({ a: rule })).toThrow(why);
  });

  it.each([
    [undefined, { entries: 1000, age: 86_400_000 }],
    ['latest' as const, { entries: 1, age: 86_400_000 }],
  ])('keeps by default, in mode %s, %j', (mode, keep) => {
    expect(createRules({ a: mode === undefined ? {} : { mode } })('a')?.rule.keep).toEqual(keep);
  });

  it('stays right when more names are asked for than it remembers', () => {
    const rules = patterns('room:{id}');
    for (let i = 0; i < 25_000; i += 1) expect(rules(`room:${i}`)?.params['id']).toBe(String(i));
    expect(rules('room:0')?.params['id']).toBe('0');
  });

  it.each([
    ['log', 'log', true],
    ['log', 'latest', true],
    ['log', 'live', true],
    ['latest', 'log', false],
    ['latest', 'latest', true],
    ['latest', 'live', true],
    ['live', 'log', false],
    ['live', 'latest', false],
    ['live', 'live', true],
  ] as const)('a channel of mode %s serves a reader of mode %s: %s', (rule, reader, yes) => {
    expect(serves(rule, reader)).toBe(yes);
  });
});
