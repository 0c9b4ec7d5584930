import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A module and what it imports as one script for a page. @param file relative to this folder */
export async function bundle(file: string): Promise<string> {
  const entry = fileURLToPath(new URL(file, import.meta.url));
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, format: 'iife', target: 'es2022', write: false, jsx: 'automatic' },
    // Libraries in development mode do much more than they do for users.
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0]!.text;
}
