import { check } from '../errors.ts';

interface Given {
  readonly ttl: unknown;
  readonly replace: unknown;
  readonly priority: unknown;
}

/** @throws HoldfastError `invalid-option` */
export function checkPublish({ ttl, replace, priority }: Given): void {
  check(replace === null || typeof replace === 'string', '`replace` must be a string.');
  check((ttl as number) > 0, '`ttl` must be a positive number of milliseconds.');
  check(priority === 'normal' || priority === 'low', '`priority` must be normal or low.');
}
