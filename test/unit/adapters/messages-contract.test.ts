/** The list of messages beside a contract that does not name all that the log holds. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createMessageList } from '../../../adapters/shared/messages.ts';
import { defineContract } from '../../../src/contract/define.ts';
import { useWorld } from '../channel/traffic.ts';
import { framesOf } from './wire.ts';

const createWorld = useWorld();

it('pages past what the contract does not name, and asks for each page once', async () => {
  const world = createWorld();
  for (let n = 0; n < 700; n += 1) await world.server.publish('room', 'old', n);
  for (let n = 0; n < 20; n += 1) await world.server.publish('room', 'e', n);
  const contract = defineContract({ channels: { room: { events: { e: z.number() } } } });
  const page = world.open({ contract: contract as never });
  page.client.on('error', () => {});
  const list = createMessageList(page.client, 'room');
  const stop = list.subscribe(() => {});
  await world.clock.advance(1000);
  list.get().loadOlder();
  await world.clock.advance(60_000);
  expect(list.get()).toMatchObject({ loadingOlder: false, hasOlder: false, error: null });
  expect(list.get().messages).toHaveLength(20);
  expect(framesOf(page, 'hist').length).toBeLessThan(20);
  stop();
  await world.clock.advance(5000);
});
