/** Type-checks blocks as modules of this project, all in one program: the libraries are read once. */
import { join } from 'node:path';
import ts from 'typescript';
import { type Block, root } from './blocks.ts';
import { GIVEN } from './given.ts';

/** Of a parameter without a type, which JavaScript has no words for. */
const IMPLICIT_ANY = [7006, 7031];

const EXTENSIONS: Readonly<Record<string, string>> = { ts: 'ts', tsx: 'tsx', js: 'mjs', vue: 'ts' };

export const isCode = ({ language }: Block): boolean => language in EXTENSIONS;

/** @returns for each block what the compiler says of it */
export function checkTypes(blocks: readonly Block[]): ReadonlyMap<Block, readonly string[]> {
  const folder = join(root, 'code-blocks');
  const files = new Map(blocks.map((block, index) => [join(folder, fileNameOf(block, index)), block]));
  const texts = new Map([...files].map(([file, block]) => [file, scriptOf(block)]));
  const given = join(folder, 'given.ts');
  texts.set(given, GIVEN);
  const options = readOptions();
  const host = ts.createCompilerHost(options);
  const { directoryExists, fileExists, readFile } = host;
  host.directoryExists = (path) => path.startsWith(folder) || directoryExists!(path);
  host.fileExists = (file) => texts.has(file) || fileExists(file);
  host.readFile = (file) => texts.get(file) ?? readFile(file);
  const program = ts.createProgram([...files.keys(), given], options, host);
  const told = (file: string): readonly string[] => {
    const source = program.getSourceFile(file)!;
    const all = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    const forgiven = file.endsWith('.mjs') ? IMPLICIT_ANY : [];
    return all
      .filter(({ code }) => !forgiven.includes(code))
      .map(({ messageText, start = 0 }) => {
        const { line } = source.getLineAndCharacterOfPosition(start);
        return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      });
  };
  const faults = told(given);
  if (faults.length > 0) throw new Error(`given.ts: ${faults.join('\n')}`);
  return new Map([...files].map(([file, block]) => [block, told(file)]));
}

/** A module that has a name can be imported by it from the other blocks of its document. */
function fileNameOf({ document, language, flags }: Block, index: number): string {
  return join(document, flags.find((flag) => /\.tsx?$/.test(flag)) ?? `${index}.${EXTENSIONS[language]!}`);
}

/** Of a single-file component the script, at its own lines. */
function scriptOf({ language, text }: Block): string {
  if (language !== 'vue') return text;
  const [all, before = '', script = ''] = /^([\s\S]*?)<script setup lang="ts">([\s\S]*?)<\/script>/.exec(text) ?? [];
  if (all === undefined) throw new Error('A component of a document has no <script setup lang="ts">.');
  return before.replaceAll(/[^\n]/g, '') + script;
}

/** The project's own, less what would make an example longer and not righter. */
function readOptions(): ts.CompilerOptions {
  const config = join(root, 'tsconfig.json');
  const { config: json } = ts.readConfigFile(config, (file) => ts.sys.readFile(file)) as { readonly config: unknown };
  const { options } = ts.parseJsonConfigFileContent(json, { ...ts.sys, readDirectory: () => [] }, root);
  return {
    ...options,
    configFilePath: config,
    allowJs: true,
    checkJs: true,
    moduleDetection: ts.ModuleDetectionKind.Force,
    // What stands at the address of a published file.
    paths: { ...options.paths, 'https://unpkg.com/*/dist/holdfast.module.js': [join(root, 'src/index.ts')] },
    noPropertyAccessFromIndexSignature: false,
    noUncheckedIndexedAccess: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}
