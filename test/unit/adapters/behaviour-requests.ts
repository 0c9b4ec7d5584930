/** What every adapter's requests do. */
import { describe, expect, it } from 'vitest';
import type { useWorld } from '../channel/traffic.ts';
import type { Driver } from './driver.ts';

export function describeRequests(driver: Driver, createWorld: ReturnType<typeof useWorld>): void {
  const stage = async () => {
    const aborted: unknown[] = [];
    const world = createWorld({
      server: {
        onEvent: () => {},
        requests: {
          add: (params) => (params as readonly number[]).reduce((a, b) => a + b),
          bad: () => Promise.reject(new Error('no')),
          never: (params, { signal }) =>
            new Promise(() => signal.addEventListener('abort', () => aborted.push(params), { once: true })),
        },
      },
    });
    const { client, errors } = world.open();
    const wait = (ms = 100): Promise<void> => driver.act(() => world.clock.advance(ms));
    return { aborted, errors, wait, mount: (method: string) => driver.mount(client, 'useRequest', method) };
  };

  describe(`${driver.name}: a request`, () => {
    it('is idle, pending, done, and keeps its answer until the next one', async () => {
      const { mount, wait } = await stage();
      const add = await mount('add');
      expect(add.read()).toMatchObject({ state: 'idle', data: null, error: null });
      const { run } = add.read();
      let answer!: Promise<unknown>;
      await driver.act(() => void (answer = run([1, 2])));
      expect(add.read()).toMatchObject({ state: 'pending', data: null });
      await wait();
      expect(add.read()).toMatchObject({ state: 'done', data: 3, error: null, run });
      await expect(answer).resolves.toBe(3);
      await driver.act(() => void run([3, 4]));
      expect(add.read()).toMatchObject({ state: 'pending', data: 3 });
      await wait();
      expect(add.read()).toMatchObject({ state: 'done', data: 7 });
      await driver.act(() => add.read().reset());
      expect(add.read()).toMatchObject({ state: 'idle', data: null, error: null });
    });

    it('that fails says why, and need not be caught', async () => {
      const { mount, wait, errors } = await stage();
      const bad = await mount('bad');
      await driver.act(() => void bad.read().run());
      await wait();
      expect(bad.read()).toMatchObject({ state: 'failed', data: null, error: { name: 'HoldfastError' } });
      expect(errors).toEqual([]);
    });

    it('is given up by the next one, by its signal, and with the component', async () => {
      const { mount, wait, aborted } = await stage();
      const never = await mount('never');
      const ends: Promise<unknown>[] = [];
      const ask = async (...args: readonly unknown[]): Promise<void> => {
        await driver.act(
          () =>
            void ends.push(
              never
                .read()
                .run(...args)
                .catch(({ code }: { code: string }) => code),
            ),
        );
        await wait();
      };
      await ask(1);
      await ask(2);
      const controller = new AbortController();
      await ask(3, { signal: controller.signal });
      expect(never.read().state).toBe('pending');
      await driver.act(() => controller.abort());
      await wait();
      expect(never.read()).toMatchObject({ state: 'failed', error: { code: 'aborted' } });
      await ask(4, { signal: AbortSignal.abort() });
      await ask(5);
      await never.unmount();
      await wait();
      expect(await Promise.all(ends)).toEqual(Array(5).fill('aborted'));
      expect(aborted).toEqual([1, 2, 3, 5]);
    });
  });
}
