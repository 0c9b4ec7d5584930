/** listed: named by the app, one by one. allowed: for another reason, or no browser asks. */
export type Trust = 'listed' | 'allowed' | 'refused';

/** Whether a browser's origin may connect. Clients outside browsers send none. */
export type Origins = (origin: string | null, host: string | null) => Trust;

/** @throws TypeError naming the first that is no origin */
export function createOrigins(allowed: readonly string[] | '*' | undefined): Origins {
  if (allowed === '*') return () => 'allowed';
  if (allowed === undefined) return (origin, host) => (origin === null || sameHost(origin, host) ? 'allowed' : 'refused');
  for (const origin of allowed) {
    if (origin !== 'null' && originOf(origin) !== origin) {
      throw new TypeError(`origins: '${origin}' is no origin; write it as https://app.example.com, or '*' alone for all`);
    }
  }
  const set = new Set(allowed);
  return (origin) => (origin === null ? 'allowed' : set.has(origin) ? 'listed' : 'refused');
}

/** Browsers leave a default port out of both. */
function sameHost(origin: string, host: string | null): boolean {
  if (host === null) return false;
  try {
    return new URL(origin).host === host.toLowerCase();
  } catch {
    // `null` and whatever else is no origin has no host.
    return false;
  }
}

function originOf(text: string): string | null {
  try {
    return new URL(text).origin;
  } catch {
    return null;
  }
}
