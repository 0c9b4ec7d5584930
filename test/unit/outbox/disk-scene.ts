/** Pages of one browser profile, which share a disk. */
import type { Outcome } from '../../../src/types.ts';
import { type Profile, createProfile } from '../../support/profile.ts';
import type { TestPage, World } from '../../support/world.ts';

const ADDRESS = 'https://test.example/realtime';

type Row = readonly [readonly unknown[], unknown];

export function outcomesOf({ client }: TestPage): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  client.on('outcome', (outcome) => outcomes.push(outcome));
  return outcomes;
}

/** By row. */
export const sequencesOf = (rows: readonly Row[]): readonly (readonly unknown[])[] =>
  rows.map(([key, value]) => (Array.isArray(value) ? value.map(([sequence]: unknown[]) => sequence) : [key.at(-1)]));

export interface DiskScene {
  readonly world: World;
  readonly profile: Profile;
  /** Rows of one kind, of the anonymous user. */
  rows(kind: string): readonly Row[];
}

export function createDiskScene(world: World, profile = createProfile({ clock: world.clock })): DiskScene {
  return { world, profile, rows: (kind) => profile.disk.rows('anonymous', ADDRESS).filter(([[name]]) => name === kind) };
}
