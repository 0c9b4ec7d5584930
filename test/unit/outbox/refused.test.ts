/** What the rules of a server refuse, for good or for the moment, and what each of two users may do. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../server/types.ts';
import { reject } from '../../../server/rejection.ts';
import { codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

describe('what the server refuses', () => {
  it('is rejected with its code, and those behind it go on', async () => {
    const publish = {
      yes: true,
      no: false,
      rude: () => {
        throw reject('rude', 'Be kind.');
      },
      choosy: (data: unknown) => data !== 'bad',
    };
    const world = createWorld({ server: { channels: { room: { subscribe: true, publish } } } });
    const { client } = world.open();
    const channel = client.channel('room');
    const receipts = [
      channel.publish('yes', 1),
      channel.publish('no', 2),
      channel.publish('rude', 3),
      channel.publish('choosy', 'bad'),
      channel.publish('unheard-of', 5),
      channel.publish('yes', 6),
    ];
    await world.clock.advance(100);
    expect(await Promise.all(receipts.map(({ accepted }) => codeOf(accepted)))).toEqual([
      'resolved',
      'forbidden',
      'app',
      'forbidden',
      'forbidden',
      'resolved',
    ]);
    await expect(receipts[2]!.accepted).rejects.toMatchObject({ message: 'Be kind.', details: { appCode: 'rude' } });
    expect(await logOf(world)).toEqual([1, 6]);
  });

  it('a channel that no rule allows', async () => {
    const world = createWorld({ server: { channels: {} } });
    const receipt = world.open().client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    expect(await codeOf(receipt.accepted)).toBe('forbidden');
  });

  it('for the moment is tried again, and keeps its order', async () => {
    let down = 3;
    const publish = (): boolean => {
      down -= 1;
      if (down >= 0) throw new Error('the database is down');
      return true;
    };
    const world = createWorld({ server: { channels: { room: { publish } }, onEvent: () => {} } });
    const { client, network } = world.open();
    [1, 2].forEach((data) => client.channel('room').publish('e', data));
    await world.clock.advance(100);
    client.channel('room').publish('e', 3);
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
    expect(crossed(network, 'down', 'nack')).toHaveLength(3);
  });

  it('too many in a second wait, and arrive in order', async () => {
    const world = createWorld({ server: { limits: { publishRate: 10 } } });
    const { client } = world.open();
    const said = Array.from({ length: 100 }, (_, index) => index);
    said.forEach((data) => client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    expect((await logOf(world)).length).toBeLessThan(100);
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual(said);
  });
});

describe('two users', () => {
  const users = {
    authenticate: ({ token }: { readonly token: string | null }) => (token === null ? null : { user: { id: token } }),
    channels: {
      'wall:{owner}': {
        subscribe: true,
        publish: ({ user, params }: Context) => user?.id === params['owner'],
      },
    },
  };

  it('each may do what its rule allows, and each is named to the other', async () => {
    const world = createWorld({ server: users });
    const [ann, bob] = ['ann', 'bob'].map((user) => world.open({ user, getToken: () => user }));
    const seen: unknown[] = [];
    bob!.client.channel('wall:ann').subscribe('e', (data, { by, own }) => seen.push([data, by, own]));
    await world.clock.advance(100);
    const [mine, others] = [ann, bob].map((page) => page!.client.channel('wall:ann').publish('e', 1));
    await world.clock.advance(100);
    expect([await codeOf(mine!.accepted), await codeOf(others!.accepted)]).toEqual(['resolved', 'forbidden']);
    expect(seen).toEqual([[1, 'ann', false]]);
  });

  it('nothing of one is sent under the token of another (I12)', async () => {
    const world = createWorld({ server: users });
    const { client, network, errors } = world.open({ user: 'ann', getToken: () => 'bob' });
    const receipt = client.channel('wall:ann').publish('e', 1);
    await world.clock.advance(10_000);
    expect(await codeOf(receipt.accepted)).toBe('unauthorized');
    expect(crossed(network, 'up', 'pub')).toEqual([]);
    expect(client.status.get().state).toBe('closed');
    expect(errors.map(({ code }) => code)).toContain('unauthorized');
  });
});
