/** A chat message of about 100 bytes; the same on both sides. */
export function payload(number) {
  return { author: 'ada', room: 7, number, text: 'The quick brown fox jumps over the lazy dog, twice.' };
}
