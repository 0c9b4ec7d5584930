/** What the blocks of the documents take as given: parts of the app that the text speaks of. */
export const GIVEN = `
import type { Channel, Client } from 'holdfast';
import type { Server } from 'holdfast/server';

interface User {
  readonly id: string;
}

declare global {
  const client: Client;
  const room: Channel;
  const channel: Channel;
  /** Loads the app's state again. */
  function reload(): Promise<void>;
  /** Of an app that keeps its own state. */
  function save(message: unknown): Promise<void>;
  function stored(channel: string): Promise<{ readonly cursor: import('holdfast').Cursor } | null>;
  const realtime: Server;
  const http: import('node:http').Server;
  const sessions: {
    find(token: string): Promise<{ readonly userId: string; readonly expiresAt: number } | null>;
    userOf(token: string): Promise<{ readonly user: User } | null>;
  };
  const db: { isMember(user: string, room: string): Promise<boolean> };
}
`;
