import { HoldfastError } from './errors.ts';
import type { ComposeOptions } from './types.ts';

/** A wrong option is told at once, by name, and not when the first reconnect fails in the field. */
export function checkOptions({ url, transports, timing = {}, outbox = {}, user, getToken }: ComposeOptions): void {
  // A relative address is fine: it is resolved when the client connects, because a server that renders has no page.
  const parsed = parse(String(url));
  check(parsed !== null && /^(https?|wss?):$/.test(parsed.protocol), '`url` must be an http(s) or ws(s) address, or a path.');
  check(Array.isArray(transports) && transports.length > 0, '`transports` must name at least one transport.');
  check(user === undefined || (typeof user === 'string' && user !== ''), '`user` must be a non-empty string.');
  check(getToken === undefined || typeof getToken === 'function', '`getToken` must be a function.');
  const { ttl, maxMessages, maxBytes } = outbox;
  for (const [name, value] of Object.entries({ ...timing, ttl, maxMessages, maxBytes })) {
    const positive = value === undefined || (typeof value === 'number' && value > 0);
    check(positive || (name === 'releaseAfter' && value === 0), `\`${name}\` must be a positive number.`);
  }
}

function parse(url: string): URL | null {
  try {
    return new URL(url, 'http://relative.invalid');
  } catch {
    return null;
  }
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new HoldfastError('invalid-option', message);
}
