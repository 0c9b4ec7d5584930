/** Asks one validator. Whatever it does, the answer says so. */
import { type ErrorDetails, HoldfastError, type Issue } from '../errors.ts';
import type { SchemaIssue, StandardSchema } from './schema.ts';

export type Checked =
  | { readonly ok: true; readonly value: unknown }
  /** `details.issues` of `invalid` say where. `handler-threw`: the validator threw. `invalid-option`: it is asynchronous. */
  | { readonly ok: false; readonly error: HoldfastError<Fault> };
type Fault = 'invalid' | 'handler-threw' | 'invalid-option';

/** What an error says besides its issues. */
export type Details = Readonly<Record<string, string>>;

/** Issues that the sentence tells; `details.issues` has them all. */
const MOST_TOLD = 3;
/** Of that sentence: some validators repeat what they were given. */
const LONGEST = 1024;

/** @param what the data is, for the sentence of an error */
export function validate(schema: StandardSchema | undefined, data: unknown, what: string, details: Details): Checked {
  if (schema === undefined) return { ok: true, value: data };
  try {
    const result = schema['~standard'].validate(data);
    if ('then' in result) {
      // A rejection that nobody handles ends a process on Node.
      result.then(ignore, ignore);
      return fail(
        'invalid-option',
        `The validator of ${what} is asynchronous: neither publishing nor receiving waits for one.`,
        details,
      );
    }
    if (result.issues === undefined) return { ok: true, value: result.value };
    const issues = result.issues.map(issueOf);
    return fail('invalid', `The contract does not take ${what}: ${tell(issues)}`, { ...details, issues });
  } catch (cause) {
    return fail('handler-threw', `The validator of ${what} threw.`, details, cause);
  }
}

function fail(code: Fault, message: string, details: ErrorDetails, cause?: unknown): Checked {
  return { ok: false, error: new HoldfastError(code, message, cause === undefined ? { details } : { details, cause }) };
}

function issueOf({ message, path = [] }: SchemaIssue): Issue {
  return { message, path: path.map((step) => (typeof step === 'object' ? step.key : step)) };
}

function tell(issues: readonly Issue[]): string {
  const told = issues.slice(0, MOST_TOLD).map(({ message, path }) => {
    return path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message;
  });
  const rest = issues.length - told.length;
  return `${told.join('; ').slice(0, LONGEST)}${rest > 0 ? `; and ${rest} more` : ''}`;
}

function ignore(): void {}
