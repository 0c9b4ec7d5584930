// Holds I4 (docs/guarantees.md).
/** The server forgets: what was accepted is repaired, what is in doubt is treated as the app wishes, and nothing is told twice. */
import { describe, expect, it } from 'vitest';
import type { OutboxOptions, Outcome } from '../../../src/types.ts';
import { type Profile, createProfile } from '../../support/profile.ts';
import type { TestPage, World } from '../../support/world.ts';
import { codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

function outcomesOf({ client }: TestPage): Outcome[] {
  const outcomes: Outcome[] = [];
  client.on('outcome', (outcome) => outcomes.push(outcome));
  return outcomes;
}

async function connected(world: World, outbox: OutboxOptions = {}): Promise<TestPage> {
  const page = world.open({ outbox });
  page.client.connect();
  await world.clock.advance(100);
  return page;
}

/** Published and appended, but the ack does not come back. */
async function publishUnanswered(world: World, { client, network }: TestPage, ...list: readonly unknown[]) {
  network.stall('down');
  const receipts = list.map((data) => client.channel('room').publish('e', data));
  await world.clock.advance(100);
  return receipts;
}

describe('a server that restarts without its store', () => {
  it('what was accepted within the last minute is there again, in order, and told to nobody', async () => {
    const world = createWorld();
    const page = await connected(world);
    const outcomes = outcomesOf(page);
    [1, 2, 3].forEach((data) => page.client.channel('room').publish('e', data));
    await world.clock.advance(30_000);
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
    page.client.channel('room').publish('e', 4);
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([1, 2, 3, 4]);
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  });

  it('what was accepted long ago is not', async () => {
    const world = createWorld();
    const page = await connected(world);
    page.client.channel('room').publish('e', 'old');
    await world.clock.advance(100_000);
    page.client.channel('room').publish('e', 'new');
    await world.clock.advance(30_000);
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    expect(await logOf(world)).toEqual(['new']);
  });

  it('what was refused stays refused, whatever the rule says now', async () => {
    const world = createWorld({ server: { channels: { room: { publish: (): boolean => allowed } } } });
    let allowed = false;
    const page = await connected(world);
    const refused = page.client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    allowed = true;
    const accepted = page.client.channel('room').publish('e', 2);
    await world.clock.advance(100);
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    expect([await codeOf(refused.accepted), await codeOf(accepted.accepted)]).toEqual(['forbidden', 'resolved']);
    expect(await logOf(world)).toEqual([2]);
  });

  it('what it now refuses is told as lost, once, however often it is shown again', async () => {
    let allowed = true;
    const world = createWorld({ server: { channels: { room: { publish: (): boolean => allowed } } } });
    const page = await connected(world);
    const outcomes = outcomesOf(page);
    const receipt = page.client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    allowed = false;
    world.restart({ keepStore: false });
    await world.clock.advance(15_000);
    for (let round = 0; round < 3; round += 1) {
      page.network.cut();
      await world.clock.advance(5000);
    }
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'lost']);
    expect(receipt.state.get()).toMatchObject({ state: 'settled', outcome: { result: 'lost' } });
  });

  describe('while an answer is outstanding: the publication is in doubt', () => {
    const lose = async (outbox: OutboxOptions) => {
      const world = createWorld();
      const page = await connected(world, outbox);
      const outcomes = outcomesOf(page);
      const receipts = await publishUnanswered(world, page, 1, 2);
      world.restart({ keepStore: false });
      page.network.heal();
      // Never sent, so never in doubt.
      const later = page.client.channel('room').publish('e', 3);
      await world.clock.advance(20_000);
      return { world, page, outcomes, receipts, later };
    };

    it.each([{}, { whenInDoubt: 'resend' }] as const)(
      '%j: it is sent again, and says that it may be there twice',
      async (outbox) => {
        const { world, receipts, later, outcomes } = await lose(outbox);
        expect(await logOf(world)).toEqual([1, 2, 3]);
        const told = await Promise.all([...receipts, later].map(({ accepted }) => accepted));
        expect(told.map(({ maybeDuplicate }) => maybeDuplicate)).toEqual([true, true, false]);
        expect(outcomes).toHaveLength(3);
      },
    );

    it.each([
      ['surface', 'uncertain'],
      ['drop', 'closed'],
    ] as const)('%s: it is not, and ends as %s, once', async (whenInDoubt, result) => {
      const { world, page, receipts, later, outcomes } = await lose({ whenInDoubt });
      expect(await logOf(world)).toEqual([3]);
      expect(await Promise.all(receipts.map(({ accepted }) => codeOf(accepted)))).toEqual([result, result]);
      expect(await later.accepted).toMatchObject({ maybeDuplicate: false });
      expect(outcomes.map((outcome) => outcome.result)).toEqual([result, result, 'accepted']);
      // Nor does a later connection tell it again.
      page.network.cut();
      await world.clock.advance(20_000);
      expect(outcomes).toHaveLength(3);
      expect(page.client.outbox.status.get().pending).toBe(0);
    });
  });

  it('a cancelled one in doubt stays cancelled', async () => {
    const world = createWorld();
    const page = await connected(world);
    const [receipt] = await publishUnanswered(world, page, 1);
    const cancelled = receipt!.cancel();
    world.restart({ keepStore: false });
    page.network.heal();
    await world.clock.advance(20_000);
    expect(await cancelled).toMatchObject({ result: 'cancelled' });
    expect(await logOf(world)).toEqual([]);
  });
});

describe('a server that restarts with its store', () => {
  it('nothing is in doubt', async () => {
    const world = createWorld();
    const page = await connected(world);
    const receipts = await publishUnanswered(world, page, 1, 2);
    world.restart();
    page.network.heal();
    await world.clock.advance(20_000);
    const told = await Promise.all(receipts.map(({ accepted }) => accepted));
    expect(told).toMatchObject([
      { cursor: { offset: 1 }, maybeDuplicate: false },
      { cursor: { offset: 2 }, maybeDuplicate: false },
    ]);
    expect(await logOf(world)).toEqual([1, 2]);
  });
});

describe('a memory that does not reach back far enough', () => {
  it('takes back nothing: a full window of lost acks tells nothing as lost', async () => {
    const world = createWorld();
    const page = await connected(world);
    const outcomes = outcomesOf(page);
    page.client.channel('room').publish('e', 0);
    await world.clock.advance(100);
    const said = Array.from({ length: 64 }, (_, index) => index + 1);
    await publishUnanswered(world, page, ...said);
    page.network.cut();
    page.network.heal();
    await world.clock.advance(10_000);
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', ...said.map(() => 'accepted')]);
    expect(await logOf(world)).toEqual([0, ...said]);
  });
});

describe('two pages under one producer, as copies of one memory image', () => {
  /** The item `name`, under the producer of both; whatever is drawn next differs. */
  const createId = (name: string): (() => string) => {
    const drawn = [name, 'shared-producer'];
    let more = 0;
    return () => drawn.shift() ?? `${name}-${(more += 1)}`;
  };

  it('what comes second is published anew, under a producer of its own, and told once', async () => {
    const world = createWorld();
    const [one, two] = ['one', 'two'].map((name) => world.open({ environment: { createId: createId(name) } }));
    const outcomes = outcomesOf(two!);
    one!.client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    const receipts = [2, 3].map((data) => two!.client.channel('room').publish('e', data));
    await world.clock.advance(100);
    expect(await Promise.all(receipts.map(({ accepted }) => codeOf(accepted)))).toEqual(['resolved', 'resolved']);
    expect(await logOf(world)).toContain(2);
    expect([...(await logOf(world))].sort()).toEqual([1, 2, 3]);
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted']);
    expect(new Set(crossed(two!.network, 'up', 'pub').map(({ p }) => p)).size).toBe(2);
  });

  it('unless it was cancelled meanwhile', async () => {
    const world = createWorld();
    const [one, two] = ['one', 'two'].map((name) => world.open({ environment: { createId: createId(name) } }));
    one!.client.channel('room').publish('e', 1);
    two!.client.connect();
    await world.clock.advance(100);
    two!.network.stall('up');
    const receipt = two!.client.channel('room').publish('e', 2);
    await world.clock.advance(100);
    const cancelled = receipt.cancel();
    two!.network.cut();
    two!.network.heal();
    await world.clock.advance(10_000);
    expect(await cancelled).toMatchObject({ result: 'cancelled' });
    expect(await logOf(world)).toEqual([1]);
  });
});

/** A page stops being the only one that sends what it holds, and goes on after another has begun to. */
const loseLocks = ({ locks }: Profile): void => locks.held.forEach((name) => void locks.lose(name));
const SHARED: readonly [how: string, (scene: { profile: Profile; owner: TestPage }) => (() => void) | void][] = [
  [
    'rests',
    ({ owner }) => {
      owner.page.tell('freeze');
      return () => owner.page.tell('resume');
    },
  ],
  ['loses its lock', ({ profile }) => loseLocks(profile)],
  [
    'loses its lock and gets it back',
    ({ profile, owner }) => {
      loseLocks(profile);
      return () => owner.page.tell('visible');
    },
  ],
];

describe('a page whose lane another one has begun anew', () => {
  it.each(SHARED)('since it %s: tells what it had before that as lost, though its newest stands', async (_, share) => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const owner = world.open({ profile });
    const outcomes = outcomesOf(owner);
    for (const data of [1, 2]) owner.client.channel('room').publish('e', data);
    await world.clock.advance(1000);
    owner.network.set('refusing');
    owner.network.cut();
    owner.client.channel('room').publish('e', 3);
    await world.clock.advance(1000);
    const goOn = share({ profile, owner });
    const heir = world.open({ profile });
    heir.client.connect();
    await world.clock.advance(2000);
    goOn?.();
    await world.clock.advance(100);
    owner.network.set('open');
    await world.clock.advance(20_000);
    expect([await logOf(world), outcomes.length]).toEqual([[1, 2, 3], 3]);
    owner.network.set('refusing');
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    owner.network.set('open');
    await world.clock.advance(40_000);
    expect(await logOf(world)).toEqual([3]);
    expect(outcomes.slice(3).map(({ result }) => result)).toEqual(['lost', 'lost']);
  });
});
