import type { Server } from '../../../server/index.ts';
import { bundle } from '../bundle.ts';
import { type Site, createSite } from '../site.ts';
import { COUNTING } from '../watched-page.ts';
import type { TransportName } from './kit.ts';

/** A page that runs the checks by itself, and on another origin the server that it runs them with. */
export interface CheckSite extends AsyncDisposable {
  /** Where the page is that checks these transports. */
  address(transports: readonly TransportName[]): string;
  readonly realtime: Site;
  /** Tokens that the server was shown. */
  readonly tokens: readonly string[];
}

/** ms; of a token. */
const LIFE = 6000;
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Checks</title>' +
  '<script src="/count.js"></script><script src="/holdfast.global.js"></script><script src="/checks.js"></script>';

/** @param bindAddress of WebRTC; Firefox uses no loopback address */
export async function createCheckSite(bindAddress?: string): Promise<CheckSite> {
  const script = await bundle('./checks/page.ts');
  const tokens: string[] = [];
  const pages = await createSite({}, {}, async ({ pathname, searchParams }) => {
    if (pathname === '/checks') return PAGE;
    if (pathname === '/count.js') return COUNTING;
    if (pathname === '/checks.js') return script;
    if (pathname !== '/publish') return undefined;
    await publish(realtime.server, searchParams.get('channel')!, Number(searchParams.get('count')));
    return 'done';
  });
  const realtime = await createSite(
    {
      authenticate({ token }) {
        if (token === null) return { user: null };
        tokens.push(token);
        return token === 'nobody' ? null : { user: { id: 'ada' }, expiresAt: Date.now() + LIFE };
      },
      origins: [pages.url.replace(/\/$/, '')],
    },
    { webRTC: bindAddress === undefined ? {} : { bindAddress } },
  );
  return {
    address: (transports) =>
      `${pages.url}checks?${new URLSearchParams({ url: `${realtime.url}realtime`, transports: transports.join() }).toString()}`,
    realtime,
    tokens,
    async [Symbol.asyncDispose]() {
      await pages[Symbol.asyncDispose]();
      await realtime[Symbol.asyncDispose]();
    },
  };
}

async function publish(server: Server, channel: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await server.publish(channel, 'message', n);
}
