import { type Way, WAYS } from './realtime.ts';

/** ms between two drawings at least; 0: with each frame of the screen. */
export const PACES = [
  { sample: 0, name: 'each frame' },
  { sample: 100, name: '10/s' },
  { sample: 1000, name: '1/s' },
] as const;

export function wayOf(search: string): Way {
  const given = new URLSearchParams(search).get('transport') ?? 'sse';
  return given in WAYS ? (given as Way) : 'sse';
}
