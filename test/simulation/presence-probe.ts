/** After the storm, in whatever setting it was: what presence promises to the second. */
import { createRandom } from '../support/random.ts';
import type { PagePresenceKind } from './page-actions.ts';
import type { Stage } from './stage.ts';

/** Until whoever is back is seen, and whoever is not is gone: the grace, a look at the leases, a slow store, ms. */
const SETTLED = 22_000;
/** ms */
const FLURRY = 10_000;
const STEPS = 40;
/** A page that was connected for less may not be seen yet, nor see, ms. */
const SEEN_WITHIN = 6000;
/** Until whoever failed often has tried again: the longest wait, and what the limit of attempts a minute may cost, ms. */
const PATIENCE = 30_000 + 60_000;
const KINDS: readonly PagePresenceKind[] = ['enter', 'enter', 'alter', 'exit', 'exit'];

export async function probePresence(stage: Stage): Promise<void> {
  const { plan, clock, oracle, chronicle } = stage;
  if (plan.presence !== true) return;
  const random = createRandom(plan.seed * 7 + 5);
  const check = (connected?: number, watchers = stage.actors()): void =>
    watchers.forEach(({ company }) => company?.check(connected));
  for (const { company } of stage.actors()) company?.noteStatus();
  check();

  chronicle.record('— every connection is cut');
  for (const { company } of stage.actors()) for (const channel of plan.channels) company?.perform('enter', channel);
  await clock.advance(SETTLED);
  check();
  oracle.presence.cut();
  for (const { cable } of stage.actors()) cable.cut(random() < 0.5 ? 'both' : 'client');
  await clock.advance(SETTLED);
  oracle.presence.settleCut();
  check(SEEN_WITHIN);

  chronicle.record('— a flurry');
  for (const { cable } of stage.actors()) cable.latency(0, Math.floor(random() * 800), Infinity);
  for (let step = 0; step < STEPS; step += 1) {
    const actors = stage.actors();
    const { company, cable, life, client } = actors[Math.floor(random() * actors.length)]!;
    const kind = KINDS[Math.floor(random() * KINDS.length)]!;
    const channel = plan.channels[Math.floor(random() * plan.channels.length)]!;
    const fate = random();
    const before = fate < 0.1;
    if (before) cable.cut('both');
    life.arrive(() => company?.perform(kind, channel));
    if (fate >= 0.1 && fate < 0.2) cable.cut('both');
    if (fate >= 0.2 && fate < 0.25) life.page.tell('online');
    if (fate >= 0.25 && fate < 0.3) client.retryNow();
    await clock.advance((random() * 2 * FLURRY) / STEPS);
  }
  for (const { cable } of stage.actors()) cable.calm();
  await clock.advance(SETTLED);
  // While there is no connection the members stay as they were last told.
  const back = stage.actors().filter(({ number }) => oracle.presence.connectedFor(number) >= SEEN_WITHIN);
  check(SEEN_WITHIN, back);
  if (back.length === stage.actors().length) return;
  await clock.advance(PATIENCE);
  check(SEEN_WITHIN);
}
