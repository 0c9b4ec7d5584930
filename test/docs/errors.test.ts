import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, HoldfastError, isErrorCode } from '../../src/errors.ts';

const doc = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

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

const sections = new Map(
  doc
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n'))] as const),
);
const line = (code: string, name: string): string | undefined =>
  new RegExp(`^- ${name}: (.+)$`, 'm').exec(sections.get(code) ?? '')?.[1];

describe('docs/errors.md', () => {
  it('has a section for each code, once, and no other', () => {
    expect([...doc.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading).sort()).toStrictEqual([...codes].sort());
  });

  it.each(codes)('says of %s what the error says', (code) => {
    const error = new HoldfastError(code, '');
    expect(isErrorCode(code)).toBe(true);
    expect(line(code, 'Retryable')).toBe(error.retryable ? 'yes' : 'no');
    // Prettier may escape what looks like Markdown.
    expect(line(code, 'Remedy')?.replaceAll('\\', '')).toBe(error.remedy);
    expect(error.help).toBe(`https://unpkg.com/holdfast/docs/errors.md#${code}`);
  });

  it.each(codes)('explains %s before it says what to do', (code) => {
    const explanation = (sections.get(code) ?? '').split('\n- ')[0]!.trim();
    expect(explanation).toMatch(/^[A-Z`].{30,}\.$/);
  });

  it('links to sections that exist', () => {
    const links = [...doc.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((anchor) => !isErrorCode(anchor))).toStrictEqual([]);
  });
});

it.each(['', 'Forbidden', '__proto__', 'constructor', 'toString', 'unknown-producer'])('%j is no code', (code) => {
  expect(isErrorCode(code)).toBe(false);
});
