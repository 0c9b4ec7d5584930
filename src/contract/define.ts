import { HoldfastError } from '../errors.ts';
import { createChecks } from './checks.ts';
import type { ContractSchemas, ContractValue, FromSchemas } from './contract.ts';

/**
 * A contract as a value, from any Standard Schema validators. Given as `contract` to client and server it types both, and
 * payloads are checked at run time on both sides. The wire carries the input, handlers get the output.
 *
 * @throws HoldfastError `invalid-option` for what is no validator or no pattern, two patterns that fit the same names, and an
 * event that is both logged and volatile
 */
export function defineContract<const S extends ContractSchemas>(schemas: S): ContractValue<FromSchemas<S>> {
  const { channels = {}, requests = {} } = schemas;
  for (const [pattern, { events, volatile, presence, snapshot }] of Object.entries(channels)) {
    checkAll(`channels['${pattern}'].events`, events);
    checkAll(`channels['${pattern}'].volatile`, volatile);
    checkAll(`channels['${pattern}']`, { presence, snapshot });
    // Who receives it could not know which of the two validators is right.
    const both = Object.keys(events ?? {}).find((event) => Object.hasOwn(volatile ?? {}, event));
    if (both !== undefined) fail(`channels['${pattern}'] names '${both}' both as logged and as volatile.`);
  }
  for (const [method, { params, result }] of Object.entries(requests)) checkAll(`requests['${method}']`, { params, result });
  return { schemas, '~checks': createChecks(schemas) };
}

function checkAll(where: string, schemas: Readonly<Record<string, unknown>> = {}): void {
  for (const [name, schema] of Object.entries(schemas)) {
    const standard = (schema as { readonly '~standard'?: { readonly validate?: unknown } } | undefined)?.['~standard'];
    if (schema === undefined || typeof standard?.validate === 'function') continue;
    fail(`${where}.${name} is no validator: it implements no Standard Schema.`);
  }
}

function fail(message: string): never {
  throw new HoldfastError('invalid-option', message);
}
