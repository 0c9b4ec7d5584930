/** What validators say of values, and what is said of validators. */
import { describe, expect, it } from 'vitest';
import type { Checks } from '../../../src/contract/checks.ts';
import { defineContract } from '../../../src/contract/define.ts';
import type { Checked } from '../../../src/contract/validate.ts';
import { isHoldfastError } from '../../../src/errors.ts';
import { BROKEN, LIBRARIES, MISBEHAVING, TASK, TASK_OUT, schemaOf, untyped } from './schemas.ts';

const issuesOf = (checked: Checked): unknown => (checked.ok ? 'none' : checked.error.details.issues);
const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return isHoldfastError(error) ? [error.code, error.message] : error;
  }
};

describe.each(LIBRARIES)('with %s', (_library, { '~checks': checks }) => {
  it.each<[what: string, ask: (checks: Checks) => Checked, value: unknown]>([
    ['an event', (is) => is.event('events', 'room:1', 'task', TASK), TASK_OUT],
    ['an event without data', (is) => is.event('events', 'room:1', 'gone', undefined), undefined],
    ['a volatile event', (is) => is.event('volatile', 'room:1', 'typing', { on: true }), { on: true }],
    ['presence', (is) => is.presence('room:1', { name: ' Ada ' }), { name: 'Ada' }],
    ['a snapshot', (is) => is.snapshot('room:1', [TASK]), [TASK_OUT]],
    ['params', (is) => is.params('add', [1, 2]), [1, 2]],
    ['a result', (is) => is.result('add', 3), '3'],
    ['params that nothing is said of', (is) => is.params('ping', 'as it is'), 'as it is'],
  ])('%s that fits comes out as the validator returns it', (_what, ask, value) => {
    expect(ask(checks)).toEqual({ ok: true, value });
  });

  it.each<[what: string, ask: (checks: Checks) => Checked, path: readonly PropertyKey[], details: object]>([
    ['an event', (is) => is.event('events', 'room:1', 'task', { ...TASK, id: 1 }), ['id'], { channel: 'room:1', event: 'task' }],
    ['a volatile event', (is) => is.event('volatile', 'room:1', 'typing', {}), ['on'], { channel: 'room:1', event: 'typing' }],
    ['presence', (is) => is.presence('room:1', { name: 1 }), ['name'], { channel: 'room:1' }],
    ['a snapshot', (is) => is.snapshot('room:1', [TASK, { ...TASK, due: 'soon' }]), [1, 'due'], { channel: 'room:1' }],
    ['params', (is) => is.params('add', [1, '2']), [1], { method: 'add' }],
    ['a result', (is) => is.result('add', 'three'), [], { method: 'add' }],
  ])('%s that does not fit is invalid, and the issue says where', (_what, ask, path, details) => {
    const checked = ask(checks);
    expect(checked).toMatchObject({ ok: false, error: { code: 'invalid', details } });
    expect(issuesOf(checked)).toEqual([{ path, message: expect.any(String) as string }]);
    const [{ message }] = issuesOf(checked) as [{ readonly message: string }];
    const told = path.length > 0 ? `${path.join('.')}: ${message}` : message;
    expect((checked as Extract<Checked, { ok: false }>).error.message).toContain(`: ${told}`);
  });

  it.each<[what: string, ask: (checks: Checks) => Checked, message: RegExp]>([
    ['event', (is) => is.event('events', 'room:1', 'constructor', 1), /no logged event 'constructor' for channel 'room:1'\.$/],
    ['event published the other way', (is) => is.event('events', 'room:1', 'typing', 1), /logged .*: use publishVolatile\.$/],
    ['volatile event published the other way', (is) => is.event('volatile', 'room:1', 'task', 1), /volatile .*: use publish\.$/],
    ['channel', (is) => is.event('events', 'hall:1', 'task', TASK), /for channel 'hall:1'\.$/],
    ['method', (is) => is.params('toString', 1), /no method 'toString'/],
    ['method of a result', (is) => is.result('subtract', 1), /no method 'subtract'/],
  ])('an unnamed %s is invalid', (_what, ask, message) => {
    const checked = ask(checks);
    expect(checked).toMatchObject({ ok: false, error: { code: 'invalid', message: expect.stringMatching(message) as string } });
    expect(issuesOf(checked)).toBeUndefined();
  });

  it('knows which channels a pattern fits', () => {
    expect(['room:1', 'room', 'room:1:2', '', 'toString'].map((name) => checks.names(name))).toEqual([
      true,
      ...Array<false>(4).fill(false),
    ]);
  });
});

describe('a validator', () => {
  const ask = (name: keyof typeof MISBEHAVING): Checked =>
    untyped({ channels: { room: { events: { e: MISBEHAVING[name] } } } })['~checks'].event('events', 'room', 'e', 'x');

  it('that throws is told of, with its error', () => {
    expect(ask('throwing')).toMatchObject({
      ok: false,
      error: { code: 'handler-threw', cause: BROKEN, message: "The validator of 'e' of channel 'room' threw." },
    });
  });

  it.each(['asynchronous', 'rejecting', 'asynchronous in zod', 'asynchronous in valibot'] as const)(
    'that is %s is no option',
    async (name) => {
      const unhandled: unknown[] = [];
      const note = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', note);
      expect(ask(name)).toMatchObject({
        ok: false,
        error: { code: 'invalid-option', message: expect.stringMatching(/'e' of channel 'room' is async/) as string },
      });
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    },
  );

  it('that says much is quoted in part, and its issues are all there', () => {
    const end = Symbol('s');
    const issues = Array.from({ length: 9 }, (_, index) => ({ message: 'x'.repeat(600), path: [{ key: index }, end] }));
    const contract = untyped({ channels: { room: { events: { e: schemaOf(() => ({ issues })) } } } });
    const checked = contract['~checks'].event('events', 'room', 'e', 'x');
    expect(issuesOf(checked)).toEqual(issues.map(({ message }, index) => ({ message, path: [index, end] })));
    const { message } = (checked as Extract<Checked, { ok: false }>).error;
    expect(message).toMatch(/: 0\.Symbol\(s\): xxx.*; and 6 more$/);
    expect(message.length).toBeLessThan(1200);
  });

  it('is found again when more channels were asked for than are remembered', () => {
    const { '~checks': checks } = LIBRARIES[0]![1];
    for (let n = 0; n < 2500; n += 1) checks.names(`room:${n}`);
    expect(checks.event('events', 'room:3', 'task', TASK)).toEqual({ ok: true, value: TASK_OUT });
  });
});

describe('defineContract refuses', () => {
  const any = schemaOf((value) => ({ value }));
  it.each<[what: string, schemas: unknown, message: RegExp]>([
    ['what is no validator', { channels: { a: { events: { e: 'string' } } } }, /channels\['a'\]\.events\.e is no validator/],
    ['what is no pattern', { channels: { 'a*': {} } }, /'a\*' is no channel name or pattern/],
    ['patterns that fit the same names', { channels: { 'a:{b}': {}, 'a:{c}': {} } }, /fit the same names/],
    [
      'an event of both kinds',
      { channels: { a: { events: { e: any }, volatile: { e: any } } } },
      /names 'e' both as logged and as volatile/,
    ],
  ])('%s', (_what, schemas, message) => {
    expect(codeOf(() => defineContract(schemas as never))).toEqual(['invalid-option', expect.stringMatching(message)]);
  });
});
