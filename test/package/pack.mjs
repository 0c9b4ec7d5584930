import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const installed = (name) => join(root, 'node_modules', name);
const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** @returns what was copied */
function copyWithAll(name, modules) {
  if (existsSync(join(modules, name))) return [];
  cpSync(installed(name), join(modules, name), { recursive: true });
  return [name, ...neededBy(installed(name)).flatMap((needed) => copyWithAll(needed, modules))];
}

/** What a package does not have in a `node_modules` of its own. */
function neededBy(folder) {
  return Object.keys(manifestOf(folder).dependencies ?? {}).flatMap((name) => {
    const own = join(folder, 'node_modules', name);
    return existsSync(own) ? neededBy(own) : [name];
  });
}

/**
 * Packs the project and installs the tarball in a folder of its own, with nothing beside it but what it declares: a
 * dependency that is used and not declared is missing there. The registry is not asked.
 *
 * @param {import('vitest/node').TestProject} project
 */
export default function setup(project) {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('There is no dist/ to pack: run `npm run build` first.');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
  const modules = join(folder, 'node_modules');
  const home = join(modules, 'holdfast');
  mkdirSync(home, { recursive: true });
  const npm = process.env.npm_execpath;
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const [command, args] = npm === undefined ? ['npm', pack] : [process.execPath, [npm, ...pack]];
  const tarball = execFileSync(command, args, { cwd: root, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', home, '--strip-components=1']);
  const { dependencies } = manifestOf(home);
  for (const name of Object.keys(dependencies)) cpSync(installed(name), join(modules, name), { recursive: true });
  // What the adapters are for: an app that has them has all that these need.
  const frameworks = ['react', '@types/react', 'react-dom', 'vue'].flatMap((name) => copyWithAll(name, modules));
  project.provide('frameworks', frameworks);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  project.provide('consumer', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
