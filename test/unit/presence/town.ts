/** Pages that are in one room, and what each of them is told of who is there. */
import { onTestFinished } from 'vitest';
import type { ServerOptions } from '../../../server/types.ts';
import type { Member, Presence, PresenceEvent } from '../../../src/types.ts';
import { type PageOptions, type TestPage, type World, createWorld } from '../../support/world.ts';

export interface Inhabitant extends TestPage {
  readonly presence: Presence;
  /** What it was told, as `join ann`. */
  readonly told: string[];
  /** Data of the members, joined. */
  shown(): string;
}

export interface Town extends World {
  /** @param data what it shows; undefined: it only watches */
  settle(data?: unknown, options?: PageOptions): Promise<Inhabitant>;
}

const EVENTS: readonly PresenceEvent[] = ['join', 'update', 'leave'];

export const dataOf = (list: readonly Member[]): string =>
  list.map(({ data, self }) => `${String(data)}${self ? '*' : ''}`).join(' ');

export function createTown(server: Partial<ServerOptions> = {}): Town {
  const world = createWorld({ server });
  onTestFinished(() => world.end());
  // The getters of the world are to stay what they are.
  return Object.assign(Object.create(world) as World, {
    async settle(data?: unknown, options: PageOptions = {}) {
      const page = world.open(options);
      const { presence } = page.client.channel('room');
      const told: string[] = [];
      presence.members.subscribe(() => {});
      for (const event of EVENTS) presence.on(event, (member) => told.push(`${event} ${String(member.data)}`));
      if (data !== undefined) presence.enter(data);
      await world.clock.advance(1000);
      return { ...page, presence, told, shown: () => dataOf(presence.members.get()) };
    },
  });
}
