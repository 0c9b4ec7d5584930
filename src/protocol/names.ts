const CHANNEL = /^[A-Za-z0-9:_.-]{1,200}$/;

/** Channel names: 1 to 200 characters of `A-Z a-z 0-9 : _ . -`. */
export function isChannelName(name: unknown): name is string {
  return typeof name === 'string' && CHANNEL.test(name);
}

/** Event names: 1 to 200 UTF-16 units, no control characters, no lone surrogates. */
export function isEventName(name: unknown): name is string {
  // eslint-disable-next-line no-control-regex -- refusing control characters is the point
  return typeof name === 'string' && name.length > 0 && name.length <= 200 && !/[\x00-\x1f\x7f\p{Surrogate}]/u.test(name);
}

/**
 * Ids of items, producers and clients: 1 to 64 UTF-16 units. A lone surrogate has no UTF-8 form: it would grow on the way
 * through MessagePack, and a stored item could end the connection of each reader.
 */
export function isItemId(id: unknown): id is string {
  return isShort(id, 64);
}

/** Keys of requests: 1 to 256 UTF-16 units, no lone surrogates, as in ids. */
export function isRequestKey(key: unknown): key is string {
  return isShort(key, 256);
}

function isShort(text: unknown, most: number): boolean {
  return typeof text === 'string' && text.length > 0 && text.length <= most && !/\p{Surrogate}/u.test(text);
}
