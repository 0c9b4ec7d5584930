import { describe, expect, it } from 'vitest';
import { type ErrorCode, HoldfastError, isErrorCode } from '../../src/errors.ts';
import type { Reset, StoreProblem } from '../../src/types.ts';
import { documents, read } from './blocks.ts';

/** Does not compile with a code too few or too many. */
const listed = {
  'connection-failed': 1,
  'connection-lost': 1,
  timeout: 1,
  unavailable: 1,
  'rate-limited': 1,
  'token-expired': 1,
  'too-slow': 1,
  'continuity-lost': 1,
  'unknown-outcome': 1,
  'token-failed': 1,
  unauthorized: 1,
  forbidden: 1,
  invalid: 1,
  'too-large': 1,
  'not-found': 1,
  conflict: 1,
  'outbox-full': 1,
  'storage-failed': 1,
  expired: 1,
  cancelled: 1,
  closed: 1,
  uncertain: 1,
  lost: 1,
  'invalid-name': 1,
  'invalid-option': 1,
  unsupported: 1,
  'protocol-error': 1,
  destroyed: 1,
  aborted: 1,
  'handler-threw': 1,
  app: 1,
} as const satisfies Readonly<Record<ErrorCode, 1>>;
const codes = Object.keys(listed) as readonly ErrorCode[];

const page = (code: string): string => read(`docs/errors/${code}.md`);
const line = (code: string, name: string): string | undefined => new RegExp(`^- ${name}: (.+)$`, 'm').exec(page(code))?.[1];
const part = (code: string, heading: string): string => page(code).split(`\n## ${heading}\n`)[1]?.split(/^## /m)[0] ?? '';

/** What `details` may hold, by code. */
const details: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  app: ['appCode'],
  invalid: ['issues', 'channel', 'event', 'id', 'method'],
  'continuity-lost': ['why'],
  'storage-failed': ['problem'],
  lost: ['channel'],
  'invalid-option': ['channel', 'event', 'id', 'method'],
  'handler-threw': ['channel', 'event', 'id', 'method'],
};

describe('the pages of errors', () => {
  it('are one for each code, and no other', () => {
    const files = documents.filter((document) => document.startsWith('docs/errors/'));
    expect(files).toStrictEqual(codes.map((code) => `docs/errors/${code}.md`).sort());
  });

  it.each(codes)('say of %s what the error says', (code) => {
    const error = new HoldfastError(code, '');
    expect(isErrorCode(code)).toBe(true);
    expect(page(code).startsWith(`# ${code}\n`)).toBe(true);
    expect(line(code, 'Retryable')).toBe(error.retryable ? 'yes' : 'no');
    // Prettier may escape what looks like Markdown.
    expect(line(code, 'Remedy')?.replaceAll('\\', '')).toBe(error.remedy);
    expect(error.help).toBe(`https://unpkg.com/holdfast/docs/errors/${code}.md`);
  });

  it.each(codes)('explain %s, then say what to do', (code) => {
    const explanation = page(code).split('\n- Retryable')[0]!.split('\n').slice(1).join('\n').trim();
    expect(explanation).toMatch(/^[A-Z`].{30,}\.$/s);
    expect(part(code, 'What to do').trim()).toMatch(/^[A-Z`].{30,}/);
  });

  it.each(codes)('name the details of %s', (code) => {
    const named = [...part(code, 'Details').matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    expect(named).toStrictEqual(details[code] ?? []);
  });

  it('say what the words in details are', () => {
    const whys = { trimmed: 1, epoch: 1, ahead: 1, branch: 1, busy: 1 } satisfies Readonly<Record<Reset['why'], 1>>;
    const problems = { unsupported: 1, denied: 1, quota: 1, blocked: 1, broken: 1 } satisfies Readonly<Record<StoreProblem, 1>>;
    for (const word of Object.keys(whys)) expect(part('continuity-lost', 'Details')).toContain(`\`${word}\``);
    for (const word of Object.keys(problems)) expect(part('storage-failed', 'Details')).toContain(`\`${word}\``);
  });

  it('are listed with their remedies', () => {
    const rows = [...read('docs/errors.md').matchAll(/^\| \[`([a-z-]+)`\]\(errors\/\1\.md\) +\| (yes|no) +\| (.+?) +\|$/gm)];
    const told = rows.map(([, code, retryable, remedy]) => [code, retryable, remedy!.replaceAll('\\', '')]);
    const errors = codes.map((code) => new HoldfastError(code, ''));
    expect(told.sort()).toStrictEqual(errors.map((error) => [error.code, error.retryable ? 'yes' : 'no', error.remedy]).sort());
  });
});

it.each(['', 'Forbidden', '__proto__', 'constructor', 'toString', 'unknown-producer'])('%j is no code', (code) => {
  expect(isErrorCode(code)).toBe(false);
});
