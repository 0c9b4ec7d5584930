import { isChannelName } from './names.ts';

/** What a channel name fits: its pattern's value, and what the pattern's parameters stand for. */
export interface PatternMatch<T> {
  readonly pattern: string;
  readonly value: T;
  readonly params: Readonly<Record<string, string>>;
}

interface Compiled<T> {
  readonly pattern: string;
  readonly value: T;
  /** A string is literal, an object is a parameter that fills one whole `:` segment. */
  readonly segments: readonly (string | { readonly name: string })[];
}

const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/**
 * Patterns such as `room:{id}`. Where two fit, a literal segment wins over a parameter, from the left.
 * @param fault makes the error that is thrown for a pattern that is none, or that fits the same names as another
 */
export function createPatterns<T>(
  table: Readonly<Record<string, T>>,
  fault: (sentence: string) => Error,
): (name: string) => PatternMatch<T> | null {
  const compiled = Object.entries(table).map(([pattern, value]) => compile(pattern, value, fault));
  compiled.sort(literalsFirst);
  compiled.forEach((one, index) => {
    const other = compiled[index + 1];
    if (other !== undefined && shapeOf(one) === shapeOf(other)) {
      throw fault(`channels: '${one.pattern}' and '${other.pattern}' fit the same names`);
    }
  });
  return (name) => {
    const given = name.split(':');
    for (const { pattern, value, segments } of compiled) {
      if (segments.length !== given.length) continue;
      const fits = segments.every((segment, at) => (typeof segment === 'string' ? segment === given[at] : given[at] !== ''));
      if (!fits) continue;
      const named = segments.flatMap((segment, at) => (typeof segment === 'string' ? [] : [[segment.name, given[at]!] as const]));
      return { pattern, value, params: Object.fromEntries(named) };
    }
    return null;
  };
}

function compile<T>(pattern: string, value: T, fault: (sentence: string) => Error): Compiled<T> {
  const segments = pattern.split(':').map((segment) => {
    const name = PARAMETER.exec(segment)?.[1];
    return name === undefined ? segment : { name };
  });
  const names = segments.flatMap((segment) => (typeof segment === 'string' ? [] : [segment.name]));
  const sample = segments.map((segment) => (typeof segment === 'string' ? segment : 'x')).join(':');
  if (!isChannelName(sample)) throw fault(`channels: '${pattern}' is no channel name or pattern`);
  if (new Set(names).size < names.length) throw fault(`channels: '${pattern}' names a parameter twice`);
  return { pattern, value, segments };
}

/** Names without parameters in front, so that the first pattern that fits is the right one. */
function literalsFirst(a: Compiled<unknown>, b: Compiled<unknown>): number {
  return shapeOf(a) < shapeOf(b) ? -1 : 1;
}

/** Equal for patterns that fit the same names; `{` sorts after every character of a name. */
function shapeOf({ segments }: Compiled<unknown>): string {
  return segments.map((segment) => (typeof segment === 'string' ? segment : '{}')).join(':');
}
