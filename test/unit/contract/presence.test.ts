/** What a contract says of presence data. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineContract } from '../../../src/contract/define.ts';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import type { Member } from '../../../src/types.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { useWorld } from '../channel/traffic.ts';
import { createHouse } from '../server/support.ts';

const createWorld = useWorld();
const channels = { 'room:{id}': { subscribe: true } };
const contract = defineContract({
  channels: { 'room:{id}': { presence: z.object({ since: z.string().transform((text) => new Date(text)) }) } },
});

describe('presence under a contract', () => {
  it('is checked by the client, travels as it was given, and is shown as the validator returns it', async () => {
    const world = createWorld({ server: { contract: contract as never, channels } });
    const [ada, bob] = [world.open({ contract: contract as never }), world.open({ contract: contract as never })];
    const { presence } = ada.client.channel('room:1');
    expect(() => presence.enter({ since: 5 })).toThrow(expect.objectContaining({ code: 'invalid' }) as Error);
    presence.enter({ since: '2026-01-02' });
    const { members } = bob.client.channel('room:1').presence;
    members.subscribe(() => {});
    await world.clock.advance(1000);
    expect(members.get().map(({ data }: Member) => data)).toEqual([{ since: new Date('2026-01-02') }]);
    expect(ada.network.wire.some(({ data }) => String(data).includes('"since":"2026-01-02"'))).toBe(true);
    // The back end reads it as the clients do.
    expect(await world.server.members('room:1')).toMatchObject([{ data: { since: new Date('2026-01-02') } }]);
  });

  it('is left out for the back end too where another server let it in', async () => {
    const clock = createVirtualClock();
    const broker = memoryBroker({ environment: { ...clock, random: Math.random } });
    const faults: unknown[] = [];
    const rules = { channels: { 'room:{id}': { subscribe: true, publish: true } } };
    const lax = createHouse({ broker, ...rules }, {}, clock);
    const strict = createHouse({ broker, ...rules, contract: contract as never, onEvent: ({ name, detail }) => faults.push([name, detail['rule']]) }, {}, clock); // prettier-ignore
    const [ada, bob] = [await lax.enter(), await lax.enter()];
    ada.send({ t: 'pres', c: 'room:1', op: 'enter', k: 1, id: 'a', d: { since: 5 } });
    bob.send({ t: 'pres', c: 'room:1', op: 'enter', k: 1, id: 'b', d: { since: '2026-01-02' } });
    await clock.settle();
    expect(await strict.server.members('room:1')).toEqual([{ id: 'b', user: null, data: { since: new Date('2026-01-02') } }]);
    expect(faults).toEqual([['rule-failed', 'presence']]);
    await Promise.all([lax.server.close(), strict.server.close(), clock.advance(3000)]);
  });

  it('is refused by the server, and shown to nobody, where it does not fit', async () => {
    const world = createWorld({ server: { contract: contract as never, channels } });
    const [ada, bob] = [world.open(), world.open({ contract: contract as never })];
    ada.client.channel('room:1').presence.enter({ since: 5 });
    const { members } = bob.client.channel('room:1').presence;
    members.subscribe(() => {});
    await world.clock.advance(1000);
    expect(ada.errors.map(({ code }) => code)).toEqual(['invalid']);
    expect(members.get()).toEqual([]);
  });

  it('of a server that does not check is left out and reported', async () => {
    const world = createWorld({ server: { channels } });
    const [ada, bob] = [world.open(), world.open({ contract: contract as never })];
    ada.client.channel('room:1').presence.enter({ since: 5 });
    const { members } = bob.client.channel('room:1').presence;
    members.subscribe(() => {});
    await world.clock.advance(1000);
    expect(members.get()).toEqual([]);
    expect(bob.errors.map(({ code }) => code)).toEqual(['invalid']);
  });
});

describe('requests under a contract', () => {
  const calls = defineContract({
    requests: { day: { params: z.string().transform((text) => new Date(text)), result: z.number() } },
  });
  const day = (params: Date): unknown => (params.getUTCDate() === 1 ? 'first' : params.getUTCDate());

  it('are checked by the client, and the handler gets what the validator returns', async () => {
    const world = createWorld({ server: { contract: calls as never, requests: { day } } });
    const { client } = world.open({ contract: calls as never });
    const refused = client.request('day', 5);
    const unnamed = client.request('week', 5);
    const answered = client.request('day', '2026-01-02');
    await Promise.all([
      expect(refused).rejects.toMatchObject({ code: 'invalid' }),
      expect(unnamed).rejects.toMatchObject({ code: 'invalid' }),
      expect(answered).resolves.toBe(2),
      world.clock.advance(1000),
    ]);
  });

  it('are checked by the server: params, and what the handler returns', async () => {
    const reported: string[] = [];
    const world = createWorld({
      server: { contract: calls as never, requests: { day }, onEvent: ({ name }) => reported.push(name) },
    });
    const { client } = world.open();
    const refused = client.request('day', 5);
    const wrong = client.request('day', '2026-01-01');
    await Promise.all([
      expect(refused).rejects.toMatchObject({ code: 'invalid' }),
      expect(wrong).rejects.toMatchObject({ code: 'unavailable' }),
      world.clock.advance(1000),
    ]);
    expect(reported).toContain('handler-failed');
  });
});
