/** Who is in a channel, and the component's own part in it. */
import type { Client, Member } from 'holdfast';
import { createLinger } from './linger.ts';
import { type Source, createSource, follow } from './source.ts';

export interface PresenceHookOptions<D = unknown> {
  /** Enters with this while mounted; other data is an update; null or undefined does not enter. @default null */
  readonly enter?: D | null;
}

export const NOBODY: readonly Member[] = [];

export function createMembers(client: Client, name: string): Source<readonly Member[]> {
  return createSource<readonly Member[]>({
    initial: NOBODY,
    start(give) {
      const { members } = client.channel(name).presence;
      return follow([members], () => give(members.get));
    },
  });
}

/** @returns leaves, a little later: what is put up again at once has never left */
export function enter(client: Client, name: string, data: unknown): () => void {
  const stop = client.channel(name).presence.enter(data);
  return createLinger(client, stop).begin;
}

/** Data that is made in each render is the same if it says the same. */
export function keyOf(data: unknown): string | null {
  return data === null || data === undefined ? null : JSON.stringify(data);
}
