/**
 * `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
 *
 * @returns ms from `now`; undefined if there is none. Across origins a server must expose the header, or there is none.
 */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isSafeInteger(ms) ? Math.max(0, ms) : undefined;
}
