import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Actor } from './actor.ts';
import type { Cable } from './cable.ts';
import type { Chronicle } from './chronicle.ts';
import type { Fleet } from './fleet.ts';
import type { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import type { Profiles } from './profiles.ts';

/** What all pages of a run share. */
export interface Stage {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly createId: () => string;
  readonly oracle: Oracle;
  readonly chronicle: Chronicle;
  readonly cables: Cable[];
  fleet(): Fleet;
  readonly profiles: Profiles;
  /** By slot. */
  actors(): readonly Actor[];
  /** The actor is over: another page comes in its place. */
  replace(actor: Actor): void;
}
