/** What is taken where an app gives no option. */
import type { OutboxOptions } from './options.ts';

const HOUR = 3_600_000;
export const OUTBOX: Required<Omit<OutboxOptions, 'store' | 'migrate'>> = {
  ttl: 72 * HOUR,
  maxMessages: 10_000,
  maxBytes: 16 * 1024 * 1024,
  whenInDoubt: 'resend',
  version: 1,
  warnBeforeUnload: false,
};
export const TIMING = {
  backoffBase: 500,
  backoffCap: 30_000,
  backoffCapHidden: 300_000,
  openTimeout: 10_000,
  uiGrace: 2000,
  releaseAfter: 1000,
  requestTimeout: 10_000,
};

/** An option that is given as undefined is not given: many callers pass on what they may not have. */
export function withDefaults<T extends object>(defaults: T, given: Partial<T> = {}): T {
  return { ...defaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}
