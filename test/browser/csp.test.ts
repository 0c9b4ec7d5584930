/** The built scripts under the strictest policy of a page, Trusted Types and subresource integrity included. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOf } from '../docs/blocks.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Site, createSite } from '../support/site.ts';
import { WELL, visit } from '../support/visit.ts';

const read = (file: string): string => readFileSync(new URL(`../../dist/${file}`, import.meta.url), 'utf8');
const INTEGRITY = JSON.parse(read('integrity.json')) as Readonly<Record<string, string>>;
const GLOBAL = INTEGRITY['holdfast.global.js']!;
const MODULE = INTEGRITY['holdfast.module.js']!;
const WRONG = `sha384-${'A'.repeat(64)}`;
const NONCE = 'nonce="r4nd0m"';

/** Nothing is allowed but what is named. */
const policy = (scripts: string, connect: string): string =>
  [
    ...["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...[`script-src ${scripts}`, `connect-src ${connect}`],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join('; ');
const NONCES = policy("'nonce-r4nd0m'", "'self' ws:");

/** First in each page: what the browser forbids is told to the test. */
const WATCH = `document.addEventListener('securitypolicyviolation', (event) => {
  console.log('violation', JSON.stringify([event.effectiveDirective, event.blockedURI, event.sample]));
});
addEventListener('error', (event) => console.log('failed', JSON.stringify(event.target.id || event.message)), true);
addEventListener('load', () => console.log('loaded'));`;
const VISIT = `(${visit.toString()})(Holdfast, '/realtime', 'csp').then((found) => console.log('found', JSON.stringify(found)));`;
const FILES: Readonly<Record<string, string>> = {
  '/watch.js': WATCH,
  '/visit.js': VISIT,
  '/visit-module.js': `import * as Holdfast from '/holdfast.module.js';\n${VISIT}`,
  '/wrong.js': `try { eval('1'); } catch {}
try { new Function('1'); } catch {}
try { document.head.innerHTML = '<i>'; } catch {}
try { trustedTypes.createPolicy('any', {}); } catch {}
fetch('http://127.0.0.2:9/').catch(() => console.log('tried'));`,
};

interface Case {
  readonly name: string;
  readonly policy: string;
  readonly head: (hash: string | null) => string;
}

const global: Case = {
  name: 'the global script, by a nonce',
  policy: NONCES,
  head: (hash) => `<script ${NONCE} src="/watch.js"></script>
    <script ${NONCE} id="holdfast" src="/holdfast.global.js" integrity="${hash ?? GLOBAL}" crossorigin="anonymous"></script>
    <script ${NONCE} src="/visit.js"></script>`,
};
const cases: readonly Case[] = [
  global,
  {
    name: 'the module file, from the page’s own host',
    policy: policy("'self'", "'self'"),
    head: (hash) => `<script src="/watch.js"></script>
      <script type="module" id="holdfast" src="/holdfast.module.js" integrity="${hash ?? MODULE}" crossorigin="anonymous"></script>
      <script type="module" src="/visit-module.js"></script>`,
  },
  {
    name: 'the module file, its hash in an import map',
    policy: NONCES,
    head: (hash) => `<script ${NONCE} src="/watch.js"></script>
      <script ${NONCE} type="importmap">{ "integrity": { "/holdfast.module.js": "${hash ?? MODULE}" } }</script>
      <script ${NONCE} id="holdfast" type="module" src="/visit-module.js"></script>`,
  },
];

const serve = (head: string, csp: string): Promise<Site> =>
  createSite({}, {}, ({ pathname }) => {
    if (pathname in FILES) return FILES[pathname];
    const headers = { 'content-security-policy': csp };
    return { headers, body: `<!doctype html><meta charset="utf-8"><title>Strict</title>${head}` };
  });

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

/** Only listens: what a driver runs in a page, the page's policy might be asked about. */
async function listen(url: string, last: RegExp): Promise<readonly string[]> {
  const context = await chromium.browser.newContext();
  // What the host of published files gives to any origin.
  await context.route(/^https:/, (route) => {
    const file = /^https:\/\/unpkg\.com\/holdfast@[\d.]+\/dist\/([a-z.]+)$/.exec(route.request().url())?.[1] ?? '';
    if (!(file in INTEGRITY)) return route.abort();
    const headers = { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' };
    return route.fulfill({ headers, body: read(file) });
  });
  const page = await context.newPage();
  const told: string[] = [];
  const over = new Promise<void>((resolve) => {
    page.on('console', (message) => {
      told.push(message.text());
      if (last.test(message.text())) resolve();
    });
    page.on('pageerror', (error) => void told.push(String(error)));
  });
  await page.goto(url);
  await over;
  await context.close();
  return told;
}

describe('under a policy that allows nothing else', () => {
  it.each(cases)('$name connects, publishes, receives and stores, and nothing is forbidden', async ({ head, policy: csp }) => {
    await using site = await serve(head(null), csp);
    const told = await listen(site.url, /^found /);
    expect(told.filter((text) => text !== 'loaded')).toEqual([`found ${JSON.stringify(WELL)}`]);
    expect([...site.asked.keys()].sort()).toEqual(['poll', 'send', 'sse', 'ws']);
  });

  it.each(cases)('$name is not run by the browser if its hash is another one', async ({ head, policy: csp }) => {
    await using site = await serve(head(WRONG), csp);
    const told = await listen(site.url, /^loaded$/);
    expect(told).toContainEqual(expect.stringMatching(/Failed to find a valid digest in the 'integrity' attribute/));
    expect(told).toContain('failed "holdfast"');
    expect(site.asked.size).toBe(0);
  });

  it('a violation would be noticed', async () => {
    const head = `<script ${NONCE} src="/watch.js"></script><script>0</script><script ${NONCE} src="/wrong.js"></script>`;
    await using site = await serve(head, NONCES);
    const told = await listen(site.url, /^tried$/);
    const directives = told.flatMap((text) => /^violation \["([a-z-]+)"/.exec(text)?.[1] ?? []);
    const types = Array.from({ length: 3 }, () => 'require-trusted-types-for');
    expect(directives.sort()).toEqual(['connect-src', ...types, 'script-src-elem', 'trusted-types']);
  });
});

describe('the guide', () => {
  const guide = 'docs/guides/script-tag.md';
  const POLICY = fileOf(guide, 'policy').trim();
  const SAY = `new MutationObserver(() => {
    const said = document.body?.textContent.trim();
    if (said?.includes('hello')) console.log('found', said);
  }).observe(document, { childList: true, subtree: true });`;

  function serveGuide(name: string, hash: (module: boolean) => string, headers: Readonly<Record<string, string>>): Promise<Site> {
    return createSite({}, {}, ({ pathname }) => {
      if (pathname === '/watch.js') return `${WATCH}\n${SAY}`;
      if (pathname.endsWith('.js')) return fileOf(guide, pathname.slice(1));
      const page = fileOf(guide, name);
      const body = page.replaceAll('sha384-…', hash(page.includes('holdfast.module.js')));
      const watched = body.replace('<title>', '<script src="/watch.js"></script><title>');
      return { body: watched, headers: { 'content-type': 'text/html', ...headers } };
    });
  }
  const right = (module: boolean): string => (module ? MODULE : GLOBAL);
  const strict = { 'content-security-policy': POLICY };

  it.each([
    ['global.html', strict],
    ['module.html', strict],
    ['own-host.html', strict],
    // Its scripts stand in the page.
    ['import-map.html', {}],
  ])('has a page that says hello: %s', async (name, headers) => {
    await using site = await serveGuide(name, right, headers);
    const told = await listen(site.url, /^found /);
    expect(told.filter((text) => text !== 'loaded')).toEqual(['found hello']);
  });

  it.each(['global.html', 'module.html', 'import-map.html'])('has a page that refuses another file: %s', async (name) => {
    await using site = await serveGuide(name, () => WRONG, {});
    const told = await listen(site.url, /^loaded$/);
    expect(told).toContainEqual(expect.stringMatching(/Failed to find a valid digest in the 'integrity' attribute/));
    expect(site.asked.size).toBe(0);
  });
});
