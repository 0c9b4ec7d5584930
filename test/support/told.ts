import type { Channel } from '../../src/types.ts';

/** Resolves when `condition` holds, told by whatever changes it. */
export async function told(subscribe: (check: () => void) => unknown, condition: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (condition()) resolve();
    };
    subscribe(check);
    check();
  });
}

export const toldLive = ({ status }: Channel): Promise<void> =>
  told(
    (check) => status.subscribe(check),
    () => status.get().state === 'live',
  );
