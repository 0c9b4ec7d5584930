/** The same contract by two libraries, and validators that misbehave. */
import * as v from 'valibot';
import { z } from 'zod';
import { defineContract } from '../../../src/contract/define.ts';
import type { SchemaResult, StandardSchema } from '../../../src/contract/schema.ts';
import type { ContractSchemas, ContractValue, Untyped } from '../../../src/contract/contract.ts';

/** As the tests' untyped clients and servers take it. */
export const untyped = (schemas: ContractSchemas): ContractValue<Untyped> =>
  defineContract(schemas) as unknown as ContractValue<Untyped>;

const date = (text: string): Date => new Date(text);
const zodTask = z.object({ id: z.string(), due: z.iso.datetime().transform(date), colour: z.string().default('red') });
const valibotTask = v.object({
  id: v.string(),
  due: v.pipe(v.string(), v.isoTimestamp(), v.transform(date)),
  colour: v.optional(v.string(), 'red'),
});

export const LIBRARIES: readonly (readonly [name: string, contract: ContractValue<Untyped>])[] = [
  [
    'zod',
    untyped({
      channels: {
        'room:{id}': {
          events: { task: zodTask, gone: z.undefined() },
          volatile: { typing: z.object({ on: z.boolean() }) },
          presence: z.object({ name: z.string().trim() }),
          snapshot: z.array(zodTask),
        },
      },
      requests: { add: { params: z.tuple([z.number(), z.number()]), result: z.number().transform(String) }, ping: {} },
    }),
  ],
  [
    'valibot',
    untyped({
      channels: {
        'room:{id}': {
          events: { task: valibotTask, gone: v.undefined() },
          volatile: { typing: v.object({ on: v.boolean() }) },
          presence: v.object({ name: v.pipe(v.string(), v.trim()) }),
          snapshot: v.array(valibotTask),
        },
      },
      requests: {
        add: { params: v.tuple([v.number(), v.number()]), result: v.pipe(v.number(), v.transform(String)) },
        ping: {},
      },
    }),
  ],
];

const DUE = '2026-03-01T12:00:00.000Z';
/** As it is published, and as it arrives. */
export const TASK = { id: 'a', due: DUE };
export const TASK_OUT = { id: 'a', due: new Date(DUE), colour: 'red' };

export function schemaOf(validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

export const BROKEN = new Error('a mistake in the app');
export const MISBEHAVING = {
  throwing: schemaOf(() => {
    throw BROKEN;
  }),
  asynchronous: schemaOf((value) => Promise.resolve({ value })),
  rejecting: schemaOf(() => Promise.reject(BROKEN)),
  'asynchronous in zod': z.string().refine(() => Promise.resolve(true)),
  'asynchronous in valibot': v.pipeAsync(
    v.string(),
    v.checkAsync(() => Promise.resolve(true)),
  ),
} satisfies Readonly<Record<string, StandardSchema>>;
