import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ServerTiming } from '../../server/index.ts';

export interface ServerProcessOptions {
  /** Port of a {@link hostBroker}. */
  readonly broker: number;
  readonly timing?: Partial<ServerTiming>;
}

export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  metrics(): Promise<Readonly<Record<string, number>>>;
  /** SIGKILL: it says goodbye to nobody. */
  kill(): Promise<void>;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
let bundled: Promise<string> | null = null;

/** The server of the TypeScript sources. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const program = await (bundled ??= bundle());
  const child = spawn(process.execPath, ['--enable-source-maps', '--input-type=module', '-', JSON.stringify(options)], {
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  // A program that ends early says so by its exit code.
  child.stdin!.on('error', () => {});
  child.stdin!.end(program);
  const { port } = await said<{ readonly port: number }>(child);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return {
    port,
    async metrics() {
      const answer = said<{ readonly metrics: Readonly<Record<string, number>> }>(child);
      child.send('metrics');
      return (await answer).metrics;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function said<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the server ended with ${code} before it answered`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}

/** Once for each file of tests: this Node runs no TypeScript. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [at('./server-main.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    banner: { js: `import{createRequire as c}from'node:module';const require=c(${JSON.stringify(at('../../package.json'))});` },
  });
  return outputFiles[0]!.text;
}
