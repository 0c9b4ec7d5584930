/** Runs blocks in a Node of their own, bundled with the sources, so that nothing has to be built or installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './blocks.ts';

/** Where all documents put the server. */
const PORT = 8080;

export interface Program extends AsyncDisposable {
  readonly lines: readonly string[];
  /** Resolves with the first line that fits, printed before or after this call. */
  line(fits: RegExp): Promise<string>;
  /** Resolves with the exit code and all that was printed. */
  ended(): Promise<{ readonly code: number | null; readonly output: string }>;
}

/** As it stands in the document, but for the port. */
export function atPort(text: string, port: number): string {
  if (!text.includes(String(PORT))) throw new Error(`There is no port ${PORT} in this block.`);
  return text.replaceAll(String(PORT), String(port));
}

/** A server block: it must call its HTTP server `http`. @returns the program and the port that it got */
export async function runServer(text: string, wanted = 0): Promise<{ readonly program: Program; readonly port: number }> {
  const report = `\nhttp.on('listening', () => console.log('port', http.address().port));\n`;
  const program = await runProgram(atPort(text, wanted) + report);
  return { program, port: Number((await program.line(/^port \d+$/)).slice(5)) };
}

export async function runProgram(text: string): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  const file = join(folder, 'program.mjs');
  writeFileSync(file, await bundle(text));
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  return watch(child, () => rmSync(folder, { recursive: true, force: true }));
}

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    alias: {
      holdfast: join(root, 'src/index.ts'),
      'holdfast/server': join(root, 'server/index.ts'),
      'holdfast/server/core': join(root, 'server/core.ts'),
      'holdfast/msgpack': join(root, 'src/protocol/msgpack.ts'),
    },
    banner: {
      // What is CommonJS among the dependencies calls `require`; and before Node 22 there is no WebSocket.
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(join(root, 'package.json'))});
        globalThis.WebSocket ??= require('ws').WebSocket;`,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

function watch(child: ChildProcess, onEnd: () => void): Program {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let partial = '';
  const hear = (chunk: unknown): void => {
    const parts = (partial + String(chunk)).split('\n');
    partial = parts.pop()!;
    lines.push(...parts);
    for (const look of waiting) look();
  };
  child.stdout!.on('data', hear);
  child.stderr!.on('data', hear);
  const exit = once(child, 'close').then(([code]) => {
    onEnd();
    for (const look of waiting) look();
    return code as number | null;
  });
  let over = false;
  void exit.then(() => (over = true));

  return {
    lines,
    line: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => fits.test(line));
          if (found === undefined && !over) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error(`The program ended without a line like ${String(fits)}:\n${lines.join('\n')}`));
        };
        waiting.add(look);
        void exit.then(look);
        look();
      }),
    async ended() {
      const code = await exit;
      return { code, output: [...lines, partial].join('\n').trimEnd() };
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
