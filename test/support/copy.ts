/**
 * What `structuredClone` gives of plain data, several times as fast; anything else is left to it. Data that meets itself, or one
 * part twice, is no plain data.
 */
export function copyOf<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value;
  if (value instanceof Uint8Array && value.constructor === Uint8Array) return value.slice();
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value);
  const plain: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const part = copy((value as Record<string, unknown>)[key]);
    if (key === '__proto__')
      Object.defineProperty(plain, key, { value: part, enumerable: true, writable: true, configurable: true });
    else plain[key] = part;
  }
  return plain;
}
