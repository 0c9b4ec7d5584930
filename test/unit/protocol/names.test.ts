import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isChannelName, isEventName, isItemId } from '../../../src/protocol/names.ts';
import { channelName, eventName, id } from '../../support/frames.ts';

describe('channel names', () => {
  it.each(['a', 'room:7', 'A-Z_a.z', '-', '.', '..', '__proto__', 'constructor', 'x'.repeat(200)])('may be %s', (name) => {
    expect(isChannelName(name)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(201)],
    ['a space', 'a b'],
    ['a line end', 'a\n'],
    ['a slash', 'a/b'],
    ['a letter beyond ASCII', 'é'],
    ['braces', 'room:{id}'],
    ['an asterisk', '*'],
    ['NUL', 'a\0'],
    ['a number', 7],
    ['a list of one name', ['a']],
    ['null', null],
    ['undefined', undefined],
  ])('may not be %s', (_why, name) => {
    expect(isChannelName(name)).toBe(false);
  });

  it('are made of the allowed characters, and of nothing else', () => {
    fc.assert(fc.property(channelName, (name) => isChannelName(name)));
    fc.assert(
      fc.property(channelName, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.nat(), (name, other, at) => {
        fc.pre(!/[\w:.-]/.test(other));
        const place = at % (name.length + 1);
        expect(isChannelName((name.slice(0, place) + other + name.slice(place)).slice(0, 200))).toBe(place === 200);
      }),
    );
  });
});

describe('event names', () => {
  it.each(['a', ' ', 'message.created', 'grüße 👋', '__proto__', 'x'.repeat(200), '👋'.repeat(100)])('may be %s', (name) => {
    expect(isEventName(name)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(201)],
    ['too long in UTF-16 units', '👋'.repeat(101)],
    ['NUL', 'a\0'],
    ['a line end', 'a\nb'],
    ['DEL', '\x7f'],
    ['a lone surrogate', 'a\ud800'],
    ['surrogates in the wrong order', '\udc00\ud800'],
    ['a number', 7],
    ['null', null],
  ])('may not be %s', (_why, name) => {
    expect(isEventName(name)).toBe(false);
  });

  it('are any other text', () => {
    fc.assert(fc.property(eventName, (name) => isEventName(name)));
  });
});

describe('ids', () => {
  it.each([
    ['one character', 'x', true],
    ['64 characters', 'x'.repeat(64), true],
    ['line ends and NUL, since an id is only compared', '\n\0', true],
    ['empty', '', false],
    ['65 characters', 'x'.repeat(65), false],
    ['a lone surrogate', '\udfff', false],
    ['a number', 7, false],
    ['undefined', undefined, false],
  ])('%s: %j is %s', (_why, given, accepted) => {
    expect(isItemId(given)).toBe(accepted);
  });

  it('are any short text', () => {
    fc.assert(fc.property(id, (given) => isItemId(given)));
  });
});
