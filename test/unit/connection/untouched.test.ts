import { afterEach, describe, expect, it, vi } from 'vitest';
import { composeClient } from '../../../src/client.ts';
import type { createClient } from '../../../src/create-client.ts';
import { type Environment, createEnvironment, defaultEnvironment } from '../../../src/platform/environment.ts';
import type { Client } from '../../../src/types.ts';
import { createScriptedTransport } from '../../support/scripted-transport.ts';

/** Every part of the platform, each of which throws when it is read. */
function untouchable(): { readonly environment: Partial<Environment>; readonly read: string[] } {
  const read: string[] = [];
  const trap = (key: string): PropertyDescriptor => ({
    configurable: true,
    enumerable: true,
    get: () => {
      read.push(key);
      throw new Error(`${key} was read`);
    },
  });
  const keys = Object.keys(defaultEnvironment());
  expect(keys).toEqual(expect.arrayContaining(['now', 'setTimeout', 'random', 'createId', 'page', 'baseUrl', 'WebSocket']));
  return { environment: Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, trap(key)]))), read };
}

let client: Client | null = null;
afterEach(() => {
  client = null;
  vi.unstubAllGlobals();
});

describe('making a client', () => {
  it('reads nothing of the platform, nor does all that can be asked of it before it is needed', () => {
    const { environment, read } = untouchable();
    client = composeClient({ url: '/realtime', transports: [createScriptedTransport()], environment, user: 'ada' });
    client.channel('room').status.get();
    client.status.subscribe(() => {})();
    client.outbox.status.get();
    client.on('error', () => {})();
    expect(client.status.get()).toEqual({ state: 'idle' });
    expect(read).toEqual([]);
  });

  it('and only connect() begins to read it', () => {
    const { environment, read } = untouchable();
    client = composeClient({ url: '/realtime', transports: [createScriptedTransport()], environment });
    const { connect } = client;
    expect(() => connect.call(client)).toThrow('was read');
    expect(read).toHaveLength(1);
  });

  it('opens no transport', () => {
    const transport = createScriptedTransport();
    client = composeClient({ url: '/realtime', transports: [transport] });
    expect(transport.openings).toEqual([]);
  });
});

describe('on a server that renders', () => {
  const PLATFORM = ['window', 'document', 'navigator', 'location', 'localStorage', 'WebSocket', 'indexedDB'];
  const forbid = (read: string[]): void => {
    for (const name of PLATFORM) {
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get: () => {
          read.push(name);
          return undefined;
        },
      });
    }
  };

  it('importing, and making a client with its default parts, reads no global', async () => {
    const read: string[] = [];
    const before = Object.getOwnPropertyDescriptors(globalThis) as Readonly<Record<string, PropertyDescriptor | undefined>>;
    const calls: string[] = [];
    for (const name of ['setTimeout', 'setInterval', 'fetch'] as const) {
      vi.stubGlobal(name, () => calls.push(name));
    }
    try {
      forbid(read);
      vi.resetModules();
      const fresh = (await import('../../../src/index.ts')) as { readonly createClient: typeof createClient };
      const made = fresh.createClient('/realtime');
      made.channel('room');
      expect(made.status.get()).toEqual({ state: 'idle' });
    } finally {
      for (const name of PLATFORM) {
        const old = before[name];
        if (old === undefined) Reflect.deleteProperty(globalThis, name);
        else Object.defineProperty(globalThis, name, old);
      }
    }
    expect([read, calls]).toEqual([[], []]);
  });
});

describe('createEnvironment', () => {
  it('replaces part by part, and reads nothing when it is made', () => {
    const { environment, read } = untouchable();
    const made = createEnvironment(Object.defineProperty(environment, 'now', { value: () => 7 }));
    expect(made.now()).toBe(7);
    expect(read).toEqual([]);
    expect(() => made.random).toThrow('was read');
    expect(createEnvironment({ now: () => 7 }).random()).toBeLessThan(1);
  });
});
