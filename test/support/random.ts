/** mulberry32: small, fast, and the same on every machine for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ids that are random but repeatable: 22 characters, as the real ones. */
export function createIds(random: () => number): () => string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return () => {
    let id = '';
    for (let i = 0; i < 22; i += 1) id += alphabet.charAt(Math.floor(random() * 64));
    return id;
  };
}
