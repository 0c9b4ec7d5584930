/** What a client says of validators that misbehave, and of what its contract does not name. */
import { describe, expect, it } from 'vitest';
import type { Cursor, Message } from '../../../src/types.ts';
import type { TestPage } from '../../support/world.ts';
import { type WatchedWorld, useWorld } from '../channel/traffic.ts';
import { BROKEN, LIBRARIES, MISBEHAVING, TASK, untyped } from './schemas.ts';

const createWorld = useWorld();
const world = (): WatchedWorld => createWorld({ server: { channels: { 'room:{id}': { subscribe: true, publish: true } } } });
const roomOf = ({ client }: TestPage) => client.channel('room:1');

describe('a validator that throws', () => {
  const { throwing } = MISBEHAVING;
  const contract = untyped({
    channels: { 'room:{id}': { events: { e: throwing }, volatile: { v: throwing }, snapshot: throwing } },
  });
  const fault = { code: 'handler-threw', cause: BROKEN };

  it('refuses what is published, and is reported where nobody looks at the receipt', async () => {
    const here = world();
    const page = here.open({ contract });
    const receipt = roomOf(page).publish('e', 1);
    await expect(receipt.accepted).rejects.toMatchObject(fault);
    expect(() => roomOf(page).publishVolatile('v', 1)).toThrow(expect.objectContaining(fault) as Error);
    expect(page.errors).toEqual([]);
    roomOf(page).publish('e', 2);
    await here.clock.settle();
    expect(page.errors).toMatchObject([fault]);
  });

  it('is reported for each message that it costs', async () => {
    const here = world();
    const page = here.open({ contract });
    const got: unknown[] = [];
    roomOf(page).subscribeAll((message) => got.push(message));
    await here.clock.advance(100);
    await here.server.publish('room:1', 'e', 1);
    here.server.publishVolatile('room:1', 'v', 2);
    await here.clock.advance(100);
    expect(page.errors).toMatchObject([
      { ...fault, details: { channel: 'room:1', event: 'e' } },
      { ...fault, details: { channel: 'room:1', event: 'v' } },
    ]);
    expect(got).toEqual([]);
  });

  it('fails a snapshot', async () => {
    const here = world();
    const page = here.open({ contract, channels: { 'room:{id}': { snapshot: async () => ({ data: 1 }) } } });
    roomOf(page).subscribe('e', () => {});
    await here.clock.advance(100);
    expect(page.errors).toMatchObject([{ code: 'handler-threw', cause: fault }]);
  });
});

describe('an asynchronous validator', () => {
  const { asynchronous } = MISBEHAVING;
  const contract = untyped({ channels: { 'room:{id}': { events: { e: asynchronous }, volatile: { v: asynchronous } } } });
  const fault = { code: 'invalid-option', message: expect.stringMatching(/of channel 'room:1' is asynchronous/) as string };

  it('is told to the caller at once', () => {
    const page = world().open({ contract });
    expect(() => roomOf(page).publish('e', 'x')).toThrow(expect.objectContaining(fault) as Error);
    expect(() => roomOf(page).publishVolatile('v', 'x')).toThrow(expect.objectContaining(fault) as Error);
    expect(page.client.outbox.status.get()).toMatchObject({ pending: 0 });
  });

  it('is reported where messages come', async () => {
    const here = world();
    const page = here.open({ contract });
    const got: unknown[] = [];
    roomOf(page).subscribe('e', (data) => got.push(data));
    await here.clock.advance(100);
    await here.server.publish('room:1', 'e', 'x');
    await here.clock.advance(100);
    expect([page.errors, got]).toMatchObject([[fault], []]);
  });
});

describe('what the contract does not name', () => {
  const [, contract] = LIBRARIES[0]!;

  it('is not published', async () => {
    const page = world().open({ contract });
    await expect(roomOf(page).publish('other', 1).accepted).rejects.toMatchObject({
      code: 'invalid',
      message: "The contract names no logged event 'other' for channel 'room:1'.",
    });
    expect(() => roomOf(page).publishVolatile('task', TASK)).toThrow(/no volatile event 'task' .*: use publish\.$/);
    expect(() => page.client.channel('hall:1')).toThrow(
      expect.objectContaining({ code: 'invalid-name', message: "No channel pattern of the contract fits 'hall:1'." }) as Error,
    );
  });

  it('is left out when it comes, and reported once for a pattern', async () => {
    const here = world();
    const page = here.open({ contract });
    const got: Message[] = [];
    for (const name of ['room:1', 'room:2']) page.client.channel(name).subscribeAll((message) => got.push(message));
    await here.clock.advance(100);
    for (const event of ['new', 'new', 'newer', 'new']) await here.server.publish('room:1', event, 1);
    here.server.publishVolatile('room:2', 'new', 1);
    await here.server.publish('room:2', 'task', TASK);
    await here.clock.advance(100);
    expect(page.errors.map(({ code, message }) => [code, message])).toEqual([
      ['invalid', "The contract names no event 'new' for 'room:{id}': messages of that event are left out."],
      ['invalid', "The contract names no event 'newer' for 'room:{id}': messages of that event are left out."],
    ]);
    expect(got.map(({ event, cursor }) => [event, (cursor as Cursor).offset])).toEqual([['task', 1]]);
  });
});

it.each([[{}], [null], [{ schemas: {} }]])('the option %j is no contract', (contract) => {
  expect(() => world().open({ contract: contract as never })).toThrow(
    expect.objectContaining({ code: 'invalid-option', message: '`contract` must be what defineContract() returns.' }) as Error,
  );
});
