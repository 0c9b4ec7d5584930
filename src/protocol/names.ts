const CHANNEL = /^[A-Za-z0-9:_.-]{1,200}$/;

/** Channel names: 1 to 200 characters of `A-Z a-z 0-9 : _ . -`. */
export function isChannelName(name: unknown): name is string {
  return typeof name === 'string' && CHANNEL.test(name);
}

/** Event names: 1 to 200 UTF-16 units, no control characters. */
export function isEventName(name: unknown): name is string {
  // eslint-disable-next-line no-control-regex -- refusing control characters is the point
  return typeof name === 'string' && name.length > 0 && name.length <= 200 && !/[\x00-\x1f\x7f]/.test(name);
}
