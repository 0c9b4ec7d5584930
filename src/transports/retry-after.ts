/** Whatever stands between may say it, and by a wrong clock a date is years away. ms */
const MOST = 3_600_000;

/**
 * `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
 *
 * @returns ms from `now`, at most an hour; 0 if it says nothing. Across origins a server must expose the header, or it is not seen.
 */
export function retryAfter(header: string | null, now: number): number {
  const text = header ?? '';
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Math.min(MOST, Math.max(0, ms)) || 0;
}
