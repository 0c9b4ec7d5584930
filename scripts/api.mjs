// npm run api: writes docs/api/ from the docstrings.
import './check-node.mjs';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import prettier from 'prettier';
import { main, root } from './run.mjs';

/** What an entry is for, in a line, and where it begins. */
const entries = [
  ['holdfast', 'src/index.ts', 'The client.'],
  ['holdfast/contract', 'src/contract/index.ts', 'Types from one contract for client, hooks and server.'],
  ['holdfast/react', 'adapters/react/index.ts', 'Hooks for React 18.2 and 19.'],
  ['holdfast/vue', 'adapters/vue/index.ts', 'Composables for Vue 3.4 and later.'],
  ['holdfast/msgpack', 'src/protocol/msgpack.ts', 'The MessagePack codec.'],
  ['holdfast/server', 'server/index.ts', 'The server for Node.'],
  ['holdfast/server/core', 'server/core.ts', 'The server without anything of Node.'],
];

const fileOf = (entry) => `${entry.replaceAll('/', '-')}.md`;

/** @returns {Promise<Record<string, string>>} documents by their file name */
export async function renderApi() {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const files = entries.map(([, file]) => join(root, file));
  const program = ts.createProgram(files, { ...options, declaration: true, emitDeclarationOnly: true, noEmit: false });
  const checker = program.getTypeChecker();
  /** Where each name is told: the first entry that has it. */
  const homes = new Map();
  const documents = {};
  for (const [entry, file, about] of entries) {
    const names = exportsOf(checker, program.getSourceFile(join(root, file)));
    const parts = [`# ${entry}`, about];
    for (const { name, symbol } of names) {
      const home = homes.get(symbol);
      if (home === undefined) homes.set(symbol, entry);
      parts.push(`## ${name}`, home === undefined ? render(program, symbol) : `See [${home}](${fileOf(home)}#${anchor(name)}).`);
    }
    documents[fileOf(entry)] = await pretty(parts.join('\n\n'));
  }
  const list = entries.map(([entry, , about]) => `- [\`${entry}\`](${fileOf(entry)}): ${about}`);
  const intro = 'Made from the declarations and their comments by `npm run api`. All times are milliseconds.';
  documents['README.md'] = await pretty(['# API', intro, list.join('\n')].join('\n\n'));
  return documents;
}

const pretty = (text) => prettier.format(text, { parser: 'markdown', printWidth: 130, singleQuote: true });
const anchor = (name) => name.toLowerCase();

/** Values first, and both in the order of their names. */
function exportsOf(checker, source) {
  const found = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return { name: exported.name, symbol, isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0 };
  });
  return found.sort((a, b) => Number(b.isValue) - Number(a.isValue) || (a.name < b.name ? -1 : 1));
}

/** Its own words, then its declaration with those of its members. */
function render(program, symbol) {
  const declarations = symbol.declarations ?? [];
  const [first] = declarations;
  const said = first === undefined ? '' : commentOf(first);
  const code = declarations.map((declaration) => declarationOf(program, declaration)).join('\n\n');
  return [said, `\`\`\`typescript\n${code}\n\`\`\``].filter((part) => part !== '').join('\n\n');
}

function commentOf(declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const doc = comments.at(-1);
  if (doc === undefined) return '';
  const text = ts.getTextOfJSDocComment(doc.comment) ?? '';
  const tags = (doc.tags ?? []).map((tag) => {
    const named = ts.isJSDocParameterTag(tag) ? `\`${tag.name.getText()}\`: ` : '';
    const said = ts.getTextOfJSDocComment(tag.comment) ?? '';
    return `- ${tagName(tag)}${named}${said}`;
  });
  return [unlinked(text), unlinked(tags.join('\n'))].filter((part) => part !== '').join('\n\n');
}

function tagName({ tagName: { text } }) {
  return { param: '', returns: 'returns ', throws: 'throws ', default: 'default ' }[text] ?? `${text} `;
}

const unlinked = (text) => text.replaceAll(/\{@link ([^}]+)\}/g, '`$1`');

const emitted = new Map();

/** As the package declares it, without bodies. */
function declarationOf(program, declaration) {
  const source = declaration.getSourceFile();
  let text = emitted.get(source);
  if (text === undefined) {
    program.emit(source, (_, written) => (text = written), undefined, true);
    emitted.set(source, text);
  }
  const file = ts.createSourceFile('x.d.ts', text, ts.ScriptTarget.Latest, true);
  const name = declaration.name?.getText() ?? '';
  const found = file.statements.find(
    (statement) =>
      statement.name?.getText() === name ||
      (ts.isVariableStatement(statement) && statement.declarationList.declarations.some((one) => one.name.getText() === name)),
  );
  if (found === undefined) throw new Error(`${relative(root, source.fileName).split(sep).join('/')}: no declaration of ${name}`);
  return found
    .getText()
    .replace(/^export (declare )?/, '')
    .replaceAll(/^ {4,}/gm, (indent) => ' '.repeat(indent.length / 2));
}

async function api() {
  const folder = join(root, 'docs/api');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(await renderApi())) writeFileSync(join(folder, file), text);
}

await main(import.meta, api);
