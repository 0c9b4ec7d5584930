/** What an option is that was not given. */
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
