import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIENT_FRAMES } from '../../src/protocol/client-frames.ts';
import { END, endRule } from '../../src/protocol/end-codes.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/frame.ts';
import { json } from '../../src/protocol/json.ts';
import { parseMessage, type Shapes } from '../../src/protocol/parse.ts';
import { SERVER_FRAMES } from '../../src/protocol/server-frames.ts';

const doc = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const lines = doc.split('\n');

/** Lines from a heading to the next one of its level or above. */
function section(heading: string): readonly string[] {
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`docs/protocol.md has no heading "${heading}"`);
  const level = heading.indexOf(' ');
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start + 1, end < 0 ? undefined : end);
}

/** Cells of the rows whose first cell fits. */
function rows(from: readonly string[], first: RegExp): readonly (readonly string[])[] {
  const cells = from
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return cells.filter(([cell]) => first.test(cell ?? ''));
}

const word = (cell: string | undefined): string => /`([^`]+)`/.exec(cell ?? '')?.[1] ?? '';

describe.each([
  ['## Client to server', CLIENT_FRAMES],
  ['## Server to client', SERVER_FRAMES],
])('%s', (heading, known: Shapes) => {
  const part = section(heading);
  const types = part.filter((line) => line.startsWith('### ')).map((line) => line.slice(4));

  it('describes each frame, and no other', () => {
    expect([...types].sort()).toStrictEqual([...known.keys()].sort());
  });

  it.each([...known.keys()])('has the fields of %s', (type) => {
    const start = part.indexOf(`### ${type}`);
    const end = part.findIndex((line, index) => index > start && line.startsWith('### '));
    const table = rows(part.slice(start, end < 0 ? undefined : end), /^`/);
    const told = table.map(([field, , need]) => [word(field), need]);
    const checked = known.get(type)!.map(([key, optional]) => [key, optional ? 'optional' : 'required']);
    expect(told.sort()).toStrictEqual(checked.sort());
  });
});

describe('ends', () => {
  const table = rows(section('## Ends'), /^\d+$/).map(([code, name, action]) => ({
    code: Number(code),
    name: word(name),
    action: word(action),
  }));

  it.each(table)('$code is $name: $action', ({ code, name, action }) => {
    expect(endRule(code)).toStrictEqual({ name, action });
  });

  it('lists each code that has a name, once and in order', () => {
    const named = Array.from({ length: 5000 }, (_, code) => code).filter((code) => endRule(code).name !== `code-${code}`);
    expect(table.map(({ code }) => code)).toStrictEqual(named);
    expect(named).toEqual(expect.arrayContaining(Object.values(END)));
  });

  it('explains each action', () => {
    const explained = rows(section('## Ends'), /^`/).map(([action]) => word(action));
    expect([...new Set(table.map(({ action }) => action))].sort()).toStrictEqual([...explained].sort());
  });
});

it('gives the default limits', () => {
  const table = rows(section('## Limits'), /^`/).map(([name, value]) => [word(name), Number(value)]);
  expect(Object.fromEntries(table)).toStrictEqual(DEFAULT_LIMITS);
});

describe('examples', () => {
  const blocks = [...doc.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    text: text!.trimEnd(),
  }));
  const messages = blocks.flatMap(({ text }) => text.split('\n'));
  const parsed = messages.map((message) => {
    const known = message.startsWith('→ ') ? CLIENT_FRAMES : SERVER_FRAMES;
    return { message, known, result: parseMessage<{ readonly t: string }>(json(), message.slice(2), known) };
  });

  it('are all messages on the wire', () => {
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocks.filter(({ language }) => language !== 'text')).toStrictEqual([]);
    expect(messages.filter((message) => !/^[→←] [[{]/.test(message))).toStrictEqual([]);
  });

  it.each(parsed)('can be parsed: $message', ({ message, result }) => {
    const count = message.startsWith('[', 2) ? (JSON.parse(message.slice(2)) as unknown[]).length : 1;
    expect(result).toMatchObject({ ok: true });
    expect(result.ok && result.frames.length).toBe(count);
  });

  it('hold no field that is not described', () => {
    const stray = parsed.flatMap(({ known, result }) =>
      (result.ok ? result.frames : []).flatMap((frame) => {
        const fields = new Set(['t', ...known.get(frame.t)!.map(([key]) => key)]);
        return Object.keys(frame).filter((key) => !fields.has(key));
      }),
    );
    expect(stray).toStrictEqual([]);
  });

  it.each([
    ['→', CLIENT_FRAMES],
    ['←', SERVER_FRAMES],
  ])('show each type of frame: %s', (arrow, known) => {
    const shown = parsed
      .filter(({ message }) => message.startsWith(arrow))
      .flatMap(({ result }) => (result.ok ? result.frames : []));
    const missing = [...known.keys()].filter((type) => !shown.some((frame) => frame.t === type));
    expect(missing).toStrictEqual([]);
  });
});

it('links to headings that exist', () => {
  const anchors = lines.filter((line) => /^#+ /.test(line)).map((line) => line.replace(/^#+ /, '').toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-')); // prettier-ignore
  const links = [...doc.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  expect(links.filter((anchor) => !anchors.includes(anchor!))).toStrictEqual([]);
});
