export interface Reading {
  readonly machine: string;
  /** % */
  readonly load: number;
  /** °C */
  readonly temperature: number;
}

export type Tone = 'cool' | 'warm' | 'hot';

export function toneOf({ temperature }: Reading): Tone {
  if (temperature >= 72) return 'hot';
  return temperature >= 60 ? 'warm' : 'cool';
}
