import type { Limits } from './frame.ts';

/** A payload as both codecs carry it, or the reason why it cannot travel. */
export type PlainResult =
  | { readonly ok: true; readonly data: unknown; /** bytes of its JSON form, or of the bytes themselves */ readonly size: number }
  | { readonly ok: false; readonly code: 'invalid' | 'too-large'; readonly why: string };

type PayloadLimits = Pick<Limits, 'frame' | 'binary' | 'depth' | 'keys'>;

class Refused extends Error {
  readonly code: 'invalid' | 'too-large';

  constructor(why: string, code: 'invalid' | 'too-large' = 'invalid') {
    super(why);
    this.code = code;
  }
}

/**
 * A copy of `value` that is the same after JSON and after MessagePack: what `JSON.stringify` would make of it (`toJSON`,
 * undefined keys dropped), but with an error where JSON would lose data in silence (NaN, Map, promises, functions, bytes
 * inside).
 * The copy also makes sure that a payload, once numbered, never changes under its sequence (rule R5).
 * Lone surrogates become U+FFFD, as in a USVString (WebIDL); `__proto__` is refused, because decoders drop or refuse it.
 */
export function toPlain(value: unknown, limits: PayloadLimits): PlainResult {
  if (value instanceof Uint8Array) {
    if (value.byteLength > limits.binary) return tooLarge(value.byteLength, limits.binary);
    // Not slice(): a Buffer's slice shares its memory.
    return { ok: true, data: new Uint8Array(value), size: value.byteLength };
  }
  const copier = new Copier(limits);
  try {
    const data = copier.copy(value, '', 0);
    return copier.size > limits.frame ? tooLarge(copier.size, limits.frame) : { ok: true, data, size: copier.size };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, code: error.code, why: error.message };
    // A toJSON or a getter of the caller's threw, anything at all: then the payload cannot be read.
    return { ok: false, code: 'invalid', why: error instanceof Error ? error.message : 'reading it threw' };
  }
}

function tooLarge(size: number, limit: number): PlainResult {
  return { ok: false, code: 'too-large', why: `the payload has ${size} bytes, the limit is ${limit}` };
}

/** Printable ASCII that JSON does not escape: most texts and all but every key, and cheaper to recognize than to measure. */
const PLAIN = /^[ !#-[\]-~]*$/;

class Copier {
  /** Bytes of the JSON form so far. */
  size = 0;
  readonly #limits: PayloadLimits;

  constructor(limits: PayloadLimits) {
    this.#limits = limits;
  }

  copy(given: unknown, key: string, depth: number): unknown {
    // Here and not at the end: parts that refer to the same parts may double the work with each level.
    if (this.size > this.#limits.frame) throw this.#tooLarge();
    const value = unwrap(given, key);
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        if (!Number.isFinite(value)) throw new Refused(`${value} has no JSON form`);
        this.size += String(value).length;
        return value === 0 ? 0 : value;
      case 'boolean':
        this.size += value ? 4 : 5;
        return value;
      case 'undefined':
        return undefined;
      case 'object':
        if (value === null) {
          this.size += 4;
          return null;
        }
        if (depth >= this.#limits.depth) throw new Refused(`it is nested deeper than ${this.#limits.depth}, or refers to itself`);
        return Array.isArray(value) ? this.#list(value, depth) : this.#record(value, depth);
      default:
        throw new Refused(`a ${typeof value} has no JSON form`);
    }
  }

  #tooLarge(): Refused {
    return new Refused(`the payload has more bytes than the limit, ${this.#limits.frame}`, 'too-large');
  }

  #text(value: string): string {
    if (PLAIN.test(value)) {
      this.size += value.length + 2;
      return value;
    }
    // \p{Surrogate} with the u flag matches lone surrogates only.
    const text = /\p{Surrogate}/u.test(value) ? value.replace(/\p{Surrogate}/gu, '\uFFFD') : value;
    this.size += new TextEncoder().encode(JSON.stringify(text)).length;
    return text;
  }

  #list(value: readonly unknown[], depth: number): unknown[] {
    // Counted first, so that a sparse array of a billion holes is not walked.
    this.size += 1 + Math.max(1, value.length);
    return Array.from(value, (element, index) => {
      const copied = this.copy(element, String(index), depth + 1);
      if (copied === undefined) this.size += 4;
      return copied ?? null;
    });
  }

  #record(value: object, depth: number): Record<string, unknown> {
    if (ArrayBuffer.isView(value)) throw new Refused('bytes travel as one Uint8Array, not inside of other data');
    const keys = Object.keys(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype) {
      const kind = Object.prototype.toString.call(value).slice(8, -1);
      // JSON would make `{}` of a Map, a Set, a Promise that nobody awaited.
      if (kind === 'Error' || (kind !== 'Object' && keys.length === 0)) throw new Refused(`${kind} objects have no JSON form`);
    }
    if (keys.length > this.#limits.keys)
      throw new Refused(`an object has ${keys.length} keys, the limit is ${this.#limits.keys}`);
    const record: Record<string, unknown> = {};
    let count = 0;
    for (const key of keys) {
      if (key === '__proto__') throw new Refused('the key `__proto__` is not allowed');
      const copied = this.copy((value as Record<string, unknown>)[key], key, depth + 1);
      if (copied === undefined) continue;
      const name = this.#text(key);
      if (Object.hasOwn(record, name)) throw new Refused('two keys differ in lone surrogates only');
      record[name] = copied;
      count += 1;
    }
    // Braces, a colon for each key, and commas between them.
    this.size += 2 + count + Math.max(0, count - 1);
    return record;
  }
}

/** `toJSON` first, then boxed primitives, as in SerializeJSONProperty (ECMA-262, 25.5.2.2). */
function unwrap(given: unknown, key: string): unknown {
  if (typeof given !== 'object' || given === null) return given;
  let value: unknown = given;
  // Not for bytes: a Buffer's toJSON would make a list of numbers of what a Uint8Array is refused for.
  if (!ArrayBuffer.isView(value)) {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') value = (toJSON as (key: string) => unknown).call(value, key);
  }
  return value instanceof Number || value instanceof String || value instanceof Boolean ? value.valueOf() : value;
}
