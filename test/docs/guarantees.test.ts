/** Each promise leads to the tests that hold it, and each of those says which promise it holds. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read, root } from './blocks.ts';

const PAGE = 'docs/guarantees.md';
const sections = read(PAGE).split(/^### /m).slice(1);

/** By guarantee, the test files that its section names. */
const promised = new Map(
  sections.map((section) => {
    const [, held = ''] = /^Held by: (.+)$/m.exec(section) ?? [];
    const files = [...held.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => relative(root, join(root, dirname(PAGE), link!)));
    return [/^I\d+/.exec(section)?.[0] ?? section, files] as const;
  }),
);

/** By test file, the guarantees that it says it holds, in a line `// Holds I1, I2 (docs/guarantees.md).` */
const claimed = new Map(
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .map((file) => {
      const [, names] = /^\/\/ Holds ([^(\n]+) \(docs\/guarantees\.md\)\.$/m.exec(readFileSync(join(root, file), 'utf8')) ?? [];
      return [file, names?.split(', ') ?? []] as const;
    }),
);

const links = [...promised].flatMap(([name, files]) => files.map((file) => ({ name, file })));
const claims = [...claimed].flatMap(([file, names]) => names.map((name) => ({ name, file })));

describe('the guarantees', () => {
  it('are all those of the protocol that are in force', () => {
    const [, invariants = ''] = read('docs/protocol.md').split('## Invariants');
    const named = [...invariants.matchAll(/\*\*(I\d+)\*\*/g)].map(([, name]) => name);
    expect([...promised.keys()].sort()).toEqual(named.sort());
  });

  it.each(links)('$name is held by $file, which says so', ({ name, file }) => {
    expect(existsSync(join(root, file))).toBe(true);
    expect(claimed.get(file)).toContain(name);
  });

  it.each(claims)('$file says that it holds $name, and is linked from there', ({ name, file }) => {
    expect(promised.get(name)).toContain(file);
  });
});
