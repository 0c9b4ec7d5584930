/** What the blocks of the documents take as given: parts of the app that the text speaks of. */
export const GIVEN = `
import type { Channel, Client } from 'holdfast';
import type { Server } from 'holdfast/server';

interface User {
  readonly id: string;
}

declare global {
  // Of the script tag.
  const Holdfast: typeof import('holdfast');
  // Of workers, which the types of the DOM leave out.
  function importScripts(...urls: readonly string[]): void;
  var registration: ServiceWorkerRegistration;
  interface Extendable extends Event {
    readonly tag: string;
    waitUntil(over: Promise<unknown>): void;
  }
  interface WindowEventMap {
    connect: MessageEvent;
    sync: Extendable;
    push: Extendable;
  }
  // Chromium has it.
  interface ServiceWorkerRegistration {
    readonly sync?: { register(tag: string): Promise<void> };
  }
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
