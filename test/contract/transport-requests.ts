import { describe, expect, it } from 'vitest';
import { type RequestContext, reject } from '../../server/index.ts';
import { until } from '../support/until.ts';
import { type TransportUnderTest, WAIT, startGround } from './transport-kit.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** What becomes of requests, whatever carries them. */
export function requestsContract(name: string, subject: TransportUnderTest): void {
  describe(`requests over ${name}`, () => {
    it('are answered, each with its own result, while publications go on', async () => {
      const ground = await startGround(subject, {
        requests: { double: (n: number) => 2 * n, bytes: (data: Uint8Array) => data.map((byte) => byte + 1), nothing: () => {} },
      });
      const visitor = ground.visit();
      const room = await visitor.join('room');
      const receipts = upTo(20).map((n) => room.publish('n', n).accepted);
      const results = await Promise.all(upTo(40).map((n) => visitor.client.request('double', n) as Promise<unknown>));
      expect(results).toEqual(upTo(40).map((n) => 2 * n));
      expect(await visitor.client.request('bytes', new Uint8Array([0, 7]))).toEqual(new Uint8Array([1, 8]));
      expect(await visitor.client.request('nothing')).toBeUndefined();
      await Promise.all(receipts);
      expect(visitor.states.filter((state) => state.startsWith('waiting'))).toEqual([]);
    });

    it('are refused as the server says', async () => {
      const ground = await startGround(subject, {
        onEvent() {},
        requests: {
          no: () => Promise.reject(reject('sold-out', 'Sold out')),
          fault: () => Promise.reject(new Error('secret')),
        },
      });
      const { client } = ground.visit();
      const codes = await Promise.all(['no', 'fault', 'unknown'].map((method) => client.request(method).catch((error: unknown) => error))); // prettier-ignore
      expect(codes).toMatchObject([{ code: 'app', details: { appCode: 'sold-out' } }, { code: 'unavailable' }, { code: 'not-found' }]); // prettier-ignore
      expect(JSON.stringify(codes)).not.toContain('secret');
    });

    it('with one key run once, from several pages at once', async () => {
      let runs = 0;
      const ground = await startGround(subject, {
        authenticate: () => ({ user: { id: 'ada' } }),
        requests: { pay: async () => (await new Promise((resolve) => setTimeout(resolve, 50)), (runs += 1)) },
      });
      const pages = upTo(4).map(() => ground.visit({ user: 'ada' }));
      const ask = (): Promise<unknown[]> => Promise.all(pages.map(({ client }) => client.request('pay', null, { key: 'k' }) as Promise<unknown>)); // prettier-ignore
      expect([await ask(), await ask(), runs]).toEqual([[1, 1, 1, 1], [1, 1, 1, 1], 1]);
    });

    it('that are slow hold up nothing else, and stop when their signal says so', async () => {
      const seen: RequestContext[] = [];
      const slow = (_params: unknown, context: RequestContext): Promise<never> =>
        new Promise((_resolve, fail) => {
          seen.push(context);
          context.signal.addEventListener('abort', () => fail(context.signal.reason as Error));
        });
      const ground = await startGround(subject, { requests: { slow } });
      const visitor = ground.visit();
      const room = await visitor.join('room');
      const controller = new AbortController();
      const asked = upTo(4).map(() => visitor.client.request('slow', null, { signal: controller.signal }) as Promise<unknown>);
      await until(() => seen.length === 4, WAIT, 'all four are running');
      for (const n of upTo(3)) await room.publish('n', n).accepted;
      controller.abort('enough');
      expect(await Promise.allSettled(asked)).toMatchObject(
        upTo(4).map(() => ({ reason: { code: 'aborted', cause: 'enough' } })),
      );
      // One server is told surely; of several another one may have got the cancellation.
      if (ground.servers.length > 1) return;
      await until(() => seen.every(({ signal }) => signal.aborted), WAIT, 'all four are told to stop');
    });
  });
}
