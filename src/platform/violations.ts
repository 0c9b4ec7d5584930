import type { Page } from './page.ts';

/** What a Content Security Policy forbade (W3C CSP 3, section 5.5). */
export interface Violation {
  /** `connect-src`, as a rule. */
  readonly directive: string;
  readonly blocked: string;
}

/**
 * Tells of what the page's policy forbids from now on. Not a method of the page that every client makes, because only
 * `diagnose()` asks.
 *
 * @returns a function that ends it
 */
export function watchViolations(page: Page, listener: (violation: Violation) => void): () => void {
  if (page.violations !== undefined) return page.violations(listener);
  const hear = (event: Event): void => {
    const { effectiveDirective: directive, blockedURI: blocked, disposition } = event as SecurityPolicyViolationEvent;
    // A policy that only reports forbids nothing.
    if (disposition !== 'report') listener({ directive, blocked });
  };
  // In a worker the event comes to the global.
  const target: EventTarget | undefined = globalThis.document ?? globalThis;
  target.addEventListener?.('securitypolicyviolation', hear);
  return () => target.removeEventListener?.('securitypolicyviolation', hear);
}
