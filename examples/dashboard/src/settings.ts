import { type Way, WAYS } from './realtime.ts';

/** ms between two drawings; 0: with each frame of the screen. */
export const PACES = [
  { sample: 0, name: 'each frame' },
  { sample: 100, name: '10 a second' },
  { sample: 1000, name: 'once a second' },
] as const;

export function wayOf(search: string): Way {
  const given = new URLSearchParams(search).get('transport') ?? 'sse';
  return given in WAYS ? (given as Way) : 'sse';
}
