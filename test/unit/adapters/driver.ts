/** What the behaviour list needs of a framework: to show one hook in one component, and to let it render. */
import { vi } from 'vitest';
import type { Client } from '../../../src/types.ts';

export type HookName =
  | 'useStatus'
  | 'useUiStatus'
  | 'useChannel'
  | 'useSubscription'
  | 'useMessages'
  | 'useLatest'
  | 'useLatestBy'
  | 'usePresence'
  | 'usePublish'
  | 'useOutbox'
  | 'useStore'
  | 'useRequest';

/** A component that is mounted, with one hook in it. */
export interface Mounted {
  /** What the hook gives now, unwrapped: of an object with refs, an object with their values. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each hook gives something else
  read(): any;
  /** How often what is shown has changed since it was mounted: a render that comes to nothing does not count. */
  readonly renders: number;
  /** Gives the hook other arguments. */
  set(...args: readonly unknown[]): Promise<void>;
  unmount(): Promise<void>;
}

export interface Driver {
  readonly name: string;
  /** Each call is an app of its own around the same client. */
  mount(client: Client, hook: HookName, ...args: readonly unknown[]): Promise<Mounted>;
  /** Several components in one app, mounted in one go. */
  mountAll(client: Client, count: number, hook: HookName, ...args: readonly unknown[]): Promise<Mounted>;
  /** Runs it, then lets everything render that wants to. */
  act(run: () => unknown): Promise<void>;
}

/** React 18 reports what a component throws to the window and to the console, also when someone catches it. */
export async function withoutReports(run: () => unknown): Promise<void> {
  const quiet = (event: Event): void => event.preventDefault();
  window.addEventListener('error', quiet);
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    await run();
  } finally {
    told.mockRestore();
    window.removeEventListener('error', quiet);
  }
}
