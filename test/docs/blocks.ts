/** The documents that readers get, and the code in them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** From the project's root. */
  readonly document: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language: a file name, or `run` for a program that ends and prints the next `text` block. */
  readonly flags: readonly string[];
  readonly text: string;
}

export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.split(sep).join('/')}`)
    .sort(),
];

export function read(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

/** What is made from the declarations holds no code to run. */
const isMade = (document: string): boolean => document.startsWith('docs/api/');

export const blocks: readonly Block[] = documents
  .filter((document) => !isMade(document))
  .flatMap((document) => blocksOf(document, read(document)));

export function blocksOf(document: string, markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: info = '', 2: text = '' }) => {
    const [language = '', ...flags] = info.trim().split(/\s+/);
    return { document, line: markdown.slice(0, index).split('\n').length, language, flags, text };
  });
}

/** The block with this file name. */
export function fileOf(document: string, name: string): string {
  const found = blocks.filter((block) => block.document === document && block.flags.includes(name));
  if (found.length !== 1) throw new Error(`${document} has ${found.length} blocks called ${name}.`);
  return found[0]!.text;
}

export function titleOf({ document, line, language, flags }: Block): string {
  return [`${document}:${line}`, language, ...flags].join(' ');
}
