/** What the README and the guides say in tables and links, held to the code. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveLimits, resolveTiming } from '../../server/limits.ts';
import { createCounters } from '../../server/metrics.ts';
import { endRule } from '../../src/protocol/end-codes.ts';
import type { Outcome, OutboxEntry, OutboxStatus, Reset, TokenContext } from '../../src/types.ts';
import { documents, read, root } from './blocks.ts';

/** The rows of the tables below a heading, as cells, without their heads. */
function rows(document: string, heading: string): readonly (readonly string[])[] {
  const lines = read(document).split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`${document} has no heading "${heading}".`);
  const end = lines.findIndex((line, index) => index > start && line.startsWith('## '));
  return lines
    .slice(start, end < 0 ? undefined : end)
    .filter((line, index, part) => line.startsWith('| `') && !part[index + 1]?.startsWith('| -'))
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())); // prettier-ignore
}

const word = (cell = ''): string => cell.replaceAll('`', '');
const first = (table: readonly (readonly string[])[]): readonly string[] => table.map(([cell]) => word(cell));
const numbers = (table: readonly (readonly string[])[]): Readonly<Record<string, number>> =>
  Object.fromEntries(table.map(([name, value]) => [word(name), Number(value!.replaceAll(' ', ''))]));

describe('the server guide', () => {
  const guide = 'docs/guides/server.md';

  it('gives the default limits and times', () => {
    expect(numbers(rows(guide, '## Limits'))).toEqual({ ...resolveLimits(), ...resolveTiming() });
  });

  it('names each counter and each event', () => {
    const sources = readdirSync(join(root, 'server'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const text = sources.map((file) => readFileSync(join(root, 'server', file), 'utf8')).join('\n');
    const events = [...text.matchAll(/(?:report|#cannotOpen)\('([a-z-]+)'/g)].map(([, name]) => name!);
    expect(events.length).toBeGreaterThan(5);
    const named = first(rows(guide, '## Metrics and events'));
    expect([...named].sort()).toEqual([...Object.keys(createCounters()), ...new Set(events)].sort());
  });

  it('waits longer behind nginx than the server’s ping', () => {
    const [, seconds] = /proxy_read_timeout (\d+)s;/.exec(read(guide))!;
    expect(Number(seconds) * 1000).toBeGreaterThan(2 * resolveTiming().ping);
  });
});

describe('the troubleshooting guide', () => {
  const guide = 'docs/guides/troubleshooting.md';
  const again = first(rows(guide, '## Ends after which the client tries again'));
  const final = first(rows(guide, '## Ends that are final'));
  const ends = Array.from({ length: 5000 }, (_, code) => endRule(code)).filter(({ name }) => !name.startsWith('code-'));
  const namesOf = (fits: (action: string) => boolean): readonly string[] =>
    [...new Set(ends.filter(({ action }) => fits(action)).map(({ name }) => name))].sort();

  it('explains each end after which the client goes on', () => {
    expect([...again].sort()).toEqual(namesOf((action) => action !== 'end'));
  });

  it('explains each end that is final, and those that the client makes itself', () => {
    const own = ['destroyed', 'invalid-option', 'unauthorized', 'unsupported'];
    expect([...final].sort()).toEqual([...namesOf((action) => action === 'end'), ...own].sort());
  });
});

it('the resync guide explains each reason of a reset', () => {
  const reasons = { trimmed: 1, epoch: 1, ahead: 1, branch: 1, busy: 1 } satisfies Readonly<Record<Reset['why'], 1>>;
  expect(first(rows('docs/guides/resync.md', '## What a reset means'))).toEqual(Object.keys(reasons));
});

describe('the offline guide', () => {
  const guide = 'docs/guides/offline.md';

  it('explains each outcome', () => {
    const results: Readonly<Record<Outcome['result'], 1>> = {
      ...{ accepted: 1, rejected: 1, cancelled: 1, expired: 1, closed: 1, uncertain: 1, lost: 1 },
    };
    expect(first(rows(guide, '## How it can end'))).toEqual(Object.keys(results));
  });

  it('explains each state of an entry', () => {
    const states = { queued: 1, sent: 1, failed: 1 } satisfies Readonly<Record<OutboxEntry['state'], 1>>;
    expect(first(rows(guide, '## Show what waits'))).toEqual(Object.keys(states));
  });

  it('explains each problem of a store', () => {
    const problems: Readonly<Record<OutboxStatus['problem'], 1>> = {
      ...{ none: 1, 'memory-store': 1, unsupported: 1, denied: 1, quota: 1, blocked: 1, broken: 1 },
    };
    expect(first(rows(guide, '## When it is not on disk'))).toEqual(Object.keys(problems));
  });
});

it('the authentication guide explains each reason for a token', () => {
  const reasons = { connect: 1, refresh: 1, expired: 1, rejected: 1 } satisfies Readonly<Record<TokenContext['reason'], 1>>;
  expect(first(rows('docs/guides/auth.md', '## On the client: `getToken`'))).toEqual(Object.keys(reasons));
});

describe('links', () => {
  const links = documents.flatMap((document) =>
    [
      ...read(document)
        .replaceAll(/^```[\s\S]*?^```$/gm, '')
        .matchAll(/\]\((?!https?:)([^)\s]+)\)/g),
    ].map(([, link]) => [document, link!] as const),
  );

  it.each(links)('%s: %s leads somewhere', (document, link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : posix.join(dirname(document), path);
    expect(existsSync(join(root, target)), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
  });

  it.each(documents.filter((document) => document !== 'README.md'))('the README leads to %s', (document) => {
    const direct = links.some(([from, link]) => from === 'README.md' && link === document);
    const indexes = ['docs/api/README.md', 'docs/errors.md'];
    const throughIndex = links.some(([from, link]) => indexes.includes(from) && posix.join(dirname(from), link) === document);
    expect(direct || throughIndex).toBe(true);
  });
});

/** As GitHub makes them. */
function anchorsOf(document: string): readonly string[] {
  const headings =
    read(document)
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) => heading.replace(/^#+ /, '').toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')); // prettier-ignore
}
