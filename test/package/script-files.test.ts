/** The files that pages load as they are: what their hashes are, and that no strict policy forbids what is in them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { evaluate, home, manifest } from './consumer.ts';

const FILES = ['holdfast.global.js', 'holdfast.module.js'];
const read = (file: string): string => readFileSync(join(home, file), 'utf8');

describe('integrity.json', () => {
  it('has the hash of each of the files', () => {
    const hashes = FILES.map((file) => [
      file,
      `sha384-${createHash('sha384')
        .update(read(`dist/${file}`))
        .digest('base64')}`,
    ]);
    expect(JSON.parse(read('dist/integrity.json'))).toEqual(Object.fromEntries(hashes));
  });

  it('is where the guide says', () => {
    expect(read('docs/guides/script-tag.md')).toContain(
      `https://unpkg.com/${manifest.name}@${manifest.version}/dist/integrity.json`,
    );
  });
});

describe('the module file', () => {
  it('gives the names of the main entry, and imports nothing', async () => {
    const url = JSON.stringify(join(home, 'dist/holdfast.module.js'));
    const names = `console.log(JSON.stringify([Object.keys(await import(${url})), Object.keys(await import('holdfast'))]))`;
    const [own, main] = (await evaluate('module', names)) as readonly (readonly string[])[];
    expect(own).toEqual(main);
    expect(ts.preProcessFile(read('dist/holdfast.module.js')).importedFiles).toEqual([]);
  });
});

/** What makes code of text, or a document: each is forbidden by Trusted Types, a policy without `unsafe-eval`, or both. */
const FORBIDDEN = new Set([
  ...['eval', 'Function', 'importScripts', 'Worker', 'SharedWorker', 'createObjectURL', 'createPolicy', 'execScript'],
  ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc', 'createContextualFragment', 'parseFromString', 'setHTMLUnsafe'],
  ...['document.write', 'document.writeln', 'document.createElement', 'createElement', 'WebAssembly'],
]);
const SCHEMES = /^(?:blob|data|javascript):/;

/** The forbidden words of a script, as they stand in its code and not in its texts. */
function forbiddenIn(code: string): readonly string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && FORBIDDEN.has(node.text)) found.push(node.text);
    if (ts.isPropertyAccessExpression(node) && FORBIDDEN.has(node.getText())) found.push(node.getText());
    if (ts.isStringLiteralLike(node)) {
      if (SCHEMES.test(node.text)) found.push(node.text);
      if (ts.isElementAccessExpression(node.parent) && FORBIDDEN.has(node.text)) found.push(node.text);
      // A timer that is given text.
      const timer = ts.isCallExpression(node.parent) && node.parent.arguments[0] === node ? node.parent.expression.getText() : '';
      if (/\bset(Timeout|Interval)$/.test(timer)) found.push(`${timer}('…')`);
    }
    if (node.kind === ts.SyntaxKind.ImportKeyword && ts.isCallExpression(node.parent)) found.push('import()');
    node.forEachChild(look);
  };
  look(ts.createSourceFile('script.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
  return found;
}

describe('no code is made of text', () => {
  it.each(FILES)('in %s', (file) => {
    expect(forbiddenIn(read(`dist/${file}`))).toEqual([]);
  });

  it.each([
    ['eval("1")', 'eval'],
    ['globalThis["eval"](x)', 'eval'],
    ['new Function("a", "b")', 'Function'],
    ['new Worker(URL.createObjectURL(x))', 'createObjectURL'],
    ['open("blob:x")', 'blob:x'],
    ['x.innerHTML = y', 'innerHTML'],
    ['document.write(x)', 'document.write'],
    ['import("x")', 'import()'],
    ['globalThis.setTimeout("x")', `globalThis.setTimeout('…')`],
  ])('%s would be noticed', (code, word) => {
    expect(forbiddenIn(code)).toContain(word);
  });
});
