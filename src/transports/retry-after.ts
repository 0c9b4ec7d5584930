/**
 * `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
 *
 * @returns ms from `now`; 0 if it says nothing. Across origins a server must expose the header, or it is not seen.
 */
export function retryAfter(header: string, now: number): number {
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Math.max(0, ms) || 0;
}
