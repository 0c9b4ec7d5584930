/** A plain `GET` beside a probe, since a page is not told why a socket or a request failed. */
import type { Environment } from '../platform/environment.ts';
import type { Reach } from './evidence.ts';
import { faultOf } from './recorder.ts';

/** Resolves in any case: at the latest after `timeout`, and at once when it is aborted. */
export function reach(environment: Environment, address: string, timeout: number, signal: AbortSignal): Promise<Reach> {
  const { fetch, baseUrl } = environment;
  if (fetch === undefined) return Promise.resolve({ state: 'unasked' });
  const url = address.replace(/^ws/, 'http');
  const isOwn = baseUrl === undefined || new URL(baseUrl).origin === new URL(url).origin;
  const controller = new AbortController();
  return new Promise((resolve) => {
    const finish = (found: Reach): void => {
      environment.clearTimeout(timer);
      signal.removeEventListener('abort', late);
      resolve(found);
      // The head says it all; a body might never end.
      controller.abort();
    };
    const late = (): void => finish({ state: 'silent' });
    const timer = environment.setTimeout(late, timeout);
    signal.addEventListener('abort', late, { once: true });
    if (signal.aborted) return late();
    fetch(url, {
      ...{ method: 'GET', cache: 'no-store', credentials: 'omit', signal: controller.signal },
      // Of another origin a page learns in this mode that there was an answer, and nothing of it; it must follow redirects.
      ...(isOwn ? { redirect: 'manual' } : { mode: 'no-cors' }),
    }).then(
      ({ status }) => finish({ state: 'reached', status: isOwn && status > 0 ? status : null }),
      (error: unknown) => finish({ state: 'failed', fault: faultOf(error) }),
    );
  });
}
