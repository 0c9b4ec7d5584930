/**
 * The same numbers for the same seed, on every machine. sfc32 passes PractRand, and its period is far longer than the
 * 10 ⁸ numbers that one simulation draws.
 *
 * @see https://pracrand.sourceforge.net/RNG_engines.txt
 * @param {number} seed any integer
 * @param {number} [stream] seeds that share a number and differ in this are independent
 * @returns {() => number} 0 ≤ x < 1
 */
export function createRandom(seed, stream = 0) {
  let a = seed | 0;
  let b = stream | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  // The first numbers of close seeds resemble each other.
  for (let i = 0; i < 20; i += 1) next();
  return next;
}
