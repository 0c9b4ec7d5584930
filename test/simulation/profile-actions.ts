/** Browser profiles that several tabs share, and what may happen to them: drawn per seed, for the plan to schedule. */
import type { OutboxOptions } from '../../src/types.ts';
import type { Draws } from './fleet-actions.ts';

/** What the disk does for a while. fails: a few writes, or reads. */
export type DiskFault = 'quota' | 'fails' | 'unreadable' | 'never' | 'dead' | 'shut';

export type ProfileAction = { readonly profile: number } & (
  | { readonly type: 'power-loss' | 'evict' | 'lose-lock' }
  | { readonly type: 'disk-fault'; readonly fault: DiskFault; readonly ms: number; readonly count: number }
  /** All tabs are closed, and the profile is copied: its tabs come back half in the one, half in the other. */
  | { readonly type: 'clone' }
);

export type ProfileKind = ProfileAction['type'];

/** How often, compared with each other, when the seed has them at all. */
export const PROFILE_FAULTS: Readonly<Record<ProfileKind, number>> = {
  'power-loss': 1.5,
  evict: 0.7,
  'lose-lock': 2,
  'disk-fault': 3,
  clone: 0.7,
};

export interface ProfilePlan {
  readonly durability: 'relaxed' | 'strict';
  /** Of a transaction, ms. */
  readonly latency: readonly [min: number, max: number];
  readonly outbox: Pick<OutboxOptions, 'ttl' | 'maxMessages' | 'whenInDoubt'>;
  /** Chance that a publication takes the place of those before it. */
  readonly replaces: number;
  /** Every other page of it is of another version of the app, and knows what to do with what the first has stored. */
  readonly migrates: boolean;
  /** none: no Web Locks, so that pages find each other by signs of life. @default 'web-locks' */
  readonly exclusion?: 'web-locks' | 'none';
}

export function drawProfile({ between, chance }: Draws): ProfilePlan {
  return {
    durability: chance(0.5) ? 'relaxed' : 'strict',
    latency: chance(0.4) ? [0, 0] : [0, between(1, chance(0.2) ? 2000 : 50)],
    outbox: {
      ...(chance(0.3) && { ttl: between(5, 120) * 1000 }),
      ...(chance(0.2) && { maxMessages: between(3, 40) }),
      whenInDoubt: chance(0.6) ? 'resend' : chance(0.5) ? 'surface' : 'drop',
    },
    replaces: chance(0.25) ? 0.3 : 0,
    migrates: chance(0.2),
  };
}

const FAULTS: readonly DiskFault[] = ['quota', 'quota', 'fails', 'fails', 'unreadable', 'never', 'dead', 'shut'];

export function drawProfileAction(
  type: ProfileKind,
  { between, profiles }: Draws & { readonly profiles: number },
): ProfileAction {
  const profile = between(0, profiles - 1);
  if (type !== 'disk-fault') return { type, profile };
  return { type, profile, fault: FAULTS[between(0, FAULTS.length - 1)]!, ms: between(1, 30_000), count: between(1, 4) };
}

export function isProfileAction(action: { readonly type: string }): action is ProfileAction {
  return Object.hasOwn(PROFILE_FAULTS, action.type);
}
