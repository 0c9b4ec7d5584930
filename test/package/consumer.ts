import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder in which the packed tarball is installed. */
    consumer: string;
    /** What is installed there besides: the packages of an app that uses the adapters. */
    frameworks: readonly string[];
  }
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly sideEffects: unknown;
  readonly unpkg: string;
}

export const folder = inject('consumer');
export const home = join(folder, 'node_modules/holdfast');
export const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;

/** What can be imported: `holdfast`, `holdfast/server` … */
export const entries = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => path.replace('.', 'holdfast'));

const execute = promisify(execFile);

/** Runs this Node in the consumer's folder and returns what it printed. Rejects, with what it complained about, if it fails. */
export async function node(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, args, { cwd: folder });
  return stdout;
}

/** Runs a module and returns the JSON that it printed. */
export async function evaluate(kind: 'module' | 'commonjs', code: string): Promise<unknown> {
  return JSON.parse(await node(`--input-type=${kind}`, '--eval', code)) as unknown;
}
