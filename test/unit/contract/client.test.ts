/** What a client with validators sends, and what its handlers get. */
import { describe, expect, it } from 'vitest';
import type { ContractValue, Untyped } from '../../../src/contract/contract.ts';
import type { Outcome, StoreDefinition } from '../../../src/types.ts';
import { createProfile } from '../../support/profile.ts';
import type { TestPage } from '../../support/world.ts';
import { type WatchedWorld, codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';
import { LIBRARIES, TASK, TASK_OUT, schemaOf, untyped } from './schemas.ts';

const createWorld = useWorld();
const ROOMS = { 'room:{id}': { subscribe: true, publish: true } };
const world = (): WatchedWorld => createWorld({ server: { channels: ROOMS } });
const WRONG = { ...TASK, due: 'soon' };
const LIST: StoreDefinition<readonly unknown[]> = {
  initial: [],
  reduce: (list, { data, pending }) => [...list, pending ? { pending: data as unknown } : (data as unknown)],
};
const roomOf = ({ client }: TestPage) => client.channel('room:1');
const faultsOf = ({ errors }: TestPage): readonly unknown[] => errors.map(({ code, details }) => ({ code, ...details }));
/** A contract whose one event has this validator. */
const only = (validate: Parameters<typeof schemaOf>[0]): ContractValue<Untyped> =>
  untyped({ channels: { 'room:{id}': { events: { e: schemaOf(validate) } } } });

describe.each(LIBRARIES)('with %s', (_library, contract) => {
  const issues = [{ path: ['due'], message: expect.any(String) as string }];

  it('the log keeps what was published, and everybody gets what the validator made of it', async () => {
    const here = world();
    const pages = [here.open({ contract }), here.open({ contract })];
    const got: unknown[] = [];
    for (const page of pages) roomOf(page).subscribe('task', (data, message) => got.push(data, message.data, message.own));
    await here.clock.advance(100);
    const receipt = roomOf(pages[0]!).publish('task', TASK);
    await here.clock.advance(100);
    expect(await codeOf(receipt.accepted)).toBe('resolved');
    expect(await logOf(here, 'room:1')).toEqual([TASK]);
    expect(got).toEqual([TASK_OUT, TASK_OUT, true, TASK_OUT, TASK_OUT, false]);
    expect(got[0]).toBe(got[1]);
  });

  it('what does not fit is refused through the receipt, and is neither kept nor sent', async () => {
    const here = world();
    const page = here.open({ contract });
    const outcomes: Outcome[] = [];
    page.client.on('outcome', (outcome) => outcomes.push(outcome));
    page.client.connect();
    await here.clock.advance(100);
    const receipt = roomOf(page).publish('task', WRONG);
    expect(page.client.outbox.status.get()).toMatchObject({ pending: 0 });
    const error = await receipt.accepted.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid', details: { channel: 'room:1', event: 'task', issues } });
    await expect(receipt.stored).rejects.toBe(error);
    expect(outcomes).toMatchObject([{ result: 'rejected', error }]);
    await here.clock.advance(100);
    expect(crossed(page.network, 'up', 'pub')).toEqual([]);
    expect(page.errors).toEqual([]);
  });

  it('a volatile message that does not fit is thrown', async () => {
    const here = world();
    const [sender, reader] = [here.open({ contract }), here.open({ contract })];
    const got: unknown[] = [];
    roomOf(reader).subscribe('typing', (data) => got.push(data));
    sender.client.connect();
    await here.clock.advance(100);
    expect(() => roomOf(sender).publishVolatile('typing', { on: 1 })).toThrow(
      expect.objectContaining({
        code: 'invalid',
        details: expect.objectContaining({ issues: expect.any(Array) as unknown }) as unknown,
      }) as Error,
    );
    expect(roomOf(sender).publishVolatile('typing', { on: true })).toBe(true);
    await here.clock.advance(100);
    expect(got).toEqual([{ on: true }]);
  });

  it('what comes and does not fit is reported and left out, and the channel goes on', async () => {
    const here = world();
    const page = here.open({ contract });
    const got: unknown[] = [];
    const room = roomOf(page);
    room.subscribe('task', (data) => got.push(data));
    room.subscribeAll(({ data }) => got.push(data));
    const store = room.store(LIST);
    const read = room.messages();
    await here.clock.advance(100);
    const { id } = await here.server.publish('room:1', 'task', WRONG);
    await here.clock.advance(100);
    expect(faultsOf(page)).toEqual([{ code: 'invalid', channel: 'room:1', event: 'task', id, issues }]);
    expect([got, store.get()]).toEqual([[], []]);
    // The place is past it: it does not come again.
    page.network.cut();
    await here.clock.advance(5000);
    await here.server.publish('room:1', 'task', TASK);
    await here.clock.advance(100);
    expect(crossed(page.network, 'up', 'sub').at(-1)?.cur?.[1]).toBe(1);
    expect([got, store.get()]).toEqual([[TASK_OUT, TASK_OUT], [TASK_OUT]]);
    expect(await read.next()).toMatchObject({ value: { data: TASK_OUT } });
    expect(page.errors).toHaveLength(1);
  });

  it('pages of the past are checked too', async () => {
    const here = world();
    for (const data of [TASK, WRONG, TASK]) await here.server.publish('room:1', 'task', data);
    const page = here.open({ contract });
    const reading = roomOf(page).history();
    await here.clock.advance(100);
    const { messages } = await reading;
    expect(messages.map(({ data, cursor }) => [data as unknown, cursor?.offset])).toEqual([
      [TASK_OUT, 3],
      [TASK_OUT, 1],
    ]);
    expect(faultsOf(page)).toMatchObject([{ code: 'invalid', channel: 'room:1', event: 'task', issues }]);
  });

  it('a store begins with what the validator made of a snapshot, and one that does not fit is asked for again', async () => {
    const here = world();
    const answers: unknown[] = [[WRONG], [WRONG], [TASK]];
    const page = here.open({ contract, channels: { 'room:{id}': { snapshot: async () => ({ data: answers.shift() }) } } });
    const store = roomOf(page).store(LIST);
    await here.clock.advance(100);
    expect(store.status.get()).toMatchObject({ state: 'loading', error: { code: 'invalid' } });
    await here.clock.advance(60_000);
    expect([store.get(), store.status.get()]).toEqual([[TASK_OUT], { state: 'live', pending: 0, error: null }]);
    const [issue] = issues;
    expect(faultsOf(page)).toEqual([{ code: 'invalid', channel: 'room:1', issues: [{ ...issue, path: [0, 'due'] }] }]);
  });

  it('a store shows own publications as they will come back', async () => {
    const here = world();
    const page = here.open({ contract });
    page.network.set('refusing');
    const room = roomOf(page);
    const store = room.store(LIST);
    room.publish('task', TASK);
    const late = room.store(LIST);
    expect([store.get(), late.get()]).toEqual([[{ pending: TASK_OUT }], [{ pending: TASK_OUT }]]);
    page.network.set('open');
    await here.clock.advance(60_000);
    expect([store.get(), late.get()]).toEqual([[TASK_OUT], [TASK_OUT]]);
    expect(page.errors).toEqual([]);
  });
});

it('what an earlier version of the app left is sent, and a store that cannot show it says so once', async () => {
  const here = world();
  const profile = createProfile({ clock: here.clock });
  const gone = here.open({ profile });
  gone.network.set('refusing');
  roomOf(gone).publish('task', WRONG);
  await here.clock.advance(100);
  gone.client.destroy();
  const [, contract] = LIBRARIES[0]!;
  const page = here.open({ contract, profile });
  page.network.set('refusing');
  const stores = [roomOf(page).store(LIST), roomOf(page).store(LIST)];
  await here.clock.advance(60_000);
  expect(page.client.outbox.status.get()).toMatchObject({ pending: 1 });
  expect(stores.map((store) => store.get())).toEqual([[], []]);
  expect(faultsOf(page)).toMatchObject([{ code: 'invalid', event: 'task' }]);
  page.network.set('open');
  await here.clock.advance(60_000);
  expect(await logOf(here, 'room:1')).toEqual([WRONG]);
});

it('one message is checked once, whoever listens, and all get the same object', async () => {
  const here = world();
  const checked: unknown[] = [];
  const contract = only((value) => {
    checked.push(value);
    return { value: { made: value } };
  });
  const page = here.open({ contract });
  const room = roomOf(page);
  const got: unknown[] = [];
  for (let n = 0; n < 3; n += 1) room.subscribe('e', (data, message) => got.push(data, message.data));
  room.subscribeAll((message) => got.push(message.data));
  room.store({ initial: 0, reduce: (_, { data }) => got.push(data) });
  await here.clock.advance(100);
  await here.server.publish('room:1', 'e', 1);
  await here.clock.advance(100);
  expect(checked).toEqual([1]);
  expect(got).toHaveLength(8);
  expect(new Set(got).size).toBe(1);
});

it('what is checked is what travels, which JSON may have changed', async () => {
  const here = world();
  const page = here.open({ contract: LIBRARIES[0]![1] });
  const receipt = roomOf(page).publish('task', { ...TASK, due: new Date(TASK.due), colour: undefined });
  await here.clock.advance(100);
  expect(await codeOf(receipt.accepted)).toBe('resolved');
  expect(await logOf(here, 'room:1')).toEqual([TASK]);
});

it('a publication that failed is not tried again in a form that the contract does not take', async () => {
  const here = world();
  here.restart({ server: { channels: { 'room:{id}': { publish: () => Promise.resolve(false) } } } });
  let takes = true;
  const page = here.open({ contract: only((value) => (takes ? { value } : { issues: [{ message: 'no more' }] })) });
  const { id, accepted } = roomOf(page).publish('e', 1);
  await here.clock.advance(5000);
  expect(await codeOf(accepted)).toBe('forbidden');
  takes = false;
  await expect(page.client.outbox.retry(id).accepted).rejects.toMatchObject({ code: 'invalid' });
  expect(page.client.outbox.entries.get()).toMatchObject([{ id, state: 'failed' }]);
});
