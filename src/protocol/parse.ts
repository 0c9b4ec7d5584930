import type { Codec, Encoded } from './codec.ts';
import { isChannelName, isEventName, isItemId, isRequestKey } from './names.ts';

/**
 * A total parser: any bytes give frames or a sentence that says what is wrong, never an exception (invariant I15).
 * Only the envelope is checked here. Size, depth and shape of a payload are verdicts on that one item, so that no stored
 * item can end every connection that reads it.
 */
export type Parsed<Frame> =
  { readonly ok: true; readonly frames: readonly Frame[] } | { readonly ok: false; readonly why: string };

export type Check = (value: unknown) => boolean;
/** Fields of one frame type; `?` at the end of a key marks it optional. */
export type Shape = Readonly<Record<string, Check>>;
/** A Map, because its keys come from the wire: an object would answer to `constructor`. */
export type Shapes = ReadonlyMap<string, readonly Field[]>;
type Field = readonly [key: string, optional: boolean, check: Check];

export function shapes(table: Readonly<Record<string, Shape>>): Shapes {
  return new Map(Object.entries(table).map(([type, shape]) => [type, fieldsOf(shape)]));
}

function fieldsOf(shape: Shape): readonly Field[] {
  return Object.entries(shape).map(([key, check]) => [key.replace('?', ''), key.endsWith('?'), check]);
}

/** Decodes and checks one transport message: a frame, or an array of frames. Frames of unknown types are left out. */
export function parseMessage<Frame>(codec: Codec, data: Encoded, known: Shapes): Parsed<Frame> {
  let value: unknown;
  try {
    value = codec.decode(data);
  } catch (error) {
    return { ok: false, why: `not ${codec.name}: ${error instanceof Error ? error.message : String(error)}` };
  }
  const frames: Frame[] = [];
  for (const frame of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
    if (!isRecord(frame) || typeof frame['t'] !== 'string') return { ok: false, why: 'a frame is a map with a type `t`' };
    const fields = known.get(frame['t']);
    if (fields === undefined) continue;
    const wrong = firstFault(frame, fields);
    if (wrong !== null) return { ok: false, why: `field \`${wrong}\` of a ${frame['t']} frame` };
    frames.push(frame as Frame);
  }
  return { ok: true, frames };
}

function firstFault(record: Record<string, unknown>, fields: readonly Field[]): string | null {
  for (const [key, optional, check] of fields) {
    const value = Object.hasOwn(record, key) ? record[key] : undefined;
    if (value === undefined ? !optional : !check(value)) return key;
  }
  return null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// ---- checks --------------------------------------------------------------------------------------------------------

export const anything: Check = () => true;
export const isBoolean: Check = (value) => typeof value === 'boolean';
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isPositive: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
export const text =
  (max: number, min = 0): Check =>
  (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max;
export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
export const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
export const listOf =
  (check: Check, max = Infinity): Check =>
  (value) =>
    Array.isArray(value) && value.length <= max && value.every(check);
export const tuple =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, index) => check(value[index]));
export function record(shape: Shape): Check {
  const fields = fieldsOf(shape);
  return (value) => isRecord(value) && firstFault(value, fields) === null;
}

export const isChannel: Check = isChannelName;
export const isId: Check = isItemId;
export const isEvent: Check = isEventName;
export const isKey: Check = isRequestKey;
export const isCursor = tuple(text(64), isCount, text(64));
/** `b` is what a codec could not read as bytes. */
export const PAYLOAD: Shape = { 'd?': anything, 'b?': () => false };
export const ITEM: Shape = { id: isId, e: isEvent, ...PAYLOAD };
