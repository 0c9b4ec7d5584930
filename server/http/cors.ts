import type { Trust } from '../origins.ts';
import type { Exchange, HeaderTable } from './exchange.ts';

/** Longer than any browser but Firefox remembers it, s. */
const REMEMBER = '7200';
/** RFC 9110, section 5.6.2: tokens and what stands between them in a list. */
const NAMES = /^[\w!#$%&'*+.^`|~, -]{1,1024}$/;

/**
 * What a browser must see before it shows an answer to the page (WHATWG Fetch, section 3.3); also of a refusal, or the page
 * would learn neither status nor reason. Cookies are for origins that the app has named: with any other trust, every page
 * could read as the user.
 */
export function corsHeaders(exchange: Exchange, trust: Trust): HeaderTable {
  const origin = exchange.header('origin');
  if (origin === null) return {};
  if (trust === 'refused') return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'Retry-After',
    ...(trust === 'listed' && { 'access-control-allow-credentials': 'true' }),
  };
}

/** The answer to a browser that asks before it sends. */
export function preflightHeaders(exchange: Exchange): HeaderTable {
  const names = exchange.header('access-control-request-headers');
  return {
    'access-control-allow-methods': 'POST',
    'access-control-max-age': REMEMBER,
    ...(names !== null && NAMES.test(names) && { 'access-control-allow-headers': names }),
  };
}
