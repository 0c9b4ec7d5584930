import { describe, expect, it } from 'vitest';
import { composeClient } from '../../../src/client.ts';
import { createScriptedTransport } from '../../support/scripted-transport.ts';

const transports = [createScriptedTransport()] as const;
/** What a caller without types may pass. */
const compose = (given: Readonly<Record<string, unknown>>): (() => unknown) => {
  const options = { url: 'https://test.example', transports, ...given };
  return () => composeClient(options);
};

describe('an option that cannot work', () => {
  it.each<[name: string, given: Readonly<Record<string, unknown>>]>([
    ['url', { url: undefined }],
    ['url', { url: null }],
    ['url', { url: '' }],
    ['url', { url: 'ftp://test.example' }],
    ['url', { url: 'file:///srv' }],
    ['url', { url: 'data:text/plain,x' }],
    ['url', { url: 'https://' }],
    ['url', { url: 'http://[' }],
    ['url', { url: 'https://test.example/realtime?room=1' }],
    ['url', { url: 'https://test.example/realtime#top' }],
    ['transports', { transports: undefined }],
    ['transports', { transports: [] }],
    ['transports', { transports: 'websocket' }],
    ['user', { user: '' }],
    ['user', { user: 7 }],
    ['user', { user: null }],
    ['getToken', { getToken: 'secret' }],
    ['getToken', { getToken: null }],
    ['backoffBase', { timing: { backoffBase: 0 } }],
    ['backoffBase', { timing: { backoffBase: -1 } }],
    ['backoffCap', { timing: { backoffCap: NaN } }],
    ['backoffCapHidden', { timing: { backoffCapHidden: '300' } }],
    ['openTimeout', { timing: { openTimeout: null } }],
    ['uiGrace', { timing: { uiGrace: -1 } }],
    ['uiGrace', { timing: { uiGrace: NaN } }],
    ['releaseAfter', { timing: { releaseAfter: -1 } }],
    ['ttl', { outbox: { ttl: 0 } }],
    ['maxMessages', { outbox: { maxMessages: 0 } }],
    ['maxBytes', { outbox: { maxBytes: '1MB' } }],
    ['whenInDoubt', { outbox: { whenInDoubt: 'again' } }],
    ['version', { outbox: { version: '2' } }],
    ['version', { outbox: { version: NaN } }],
    ['migrate', { outbox: { migrate: {} } }],
    ['warnBeforeUnload', { outbox: { warnBeforeUnload: 'yes' } }],
    ['store', { outbox: { store: 'indexeddb' } }],
    ['store', { outbox: { store: null } }],
    ['mode', { channels: { room: { mode: 'stream' } } }],
    ['rewind', { channels: { room: { rewind: 1.5 } } }],
    ['rewind', { channels: { room: { rewind: -1 } } }],
    ['resume', { channels: { room: { resume: 'always' } } }],
    ['snapshot', { channels: { room: { snapshot: {} } } }],
    ['snapshot', { channels: { room: { mode: 'latest', snapshot: () => {} } } }],
    ['resume', { channels: { room: { mode: 'live', resume: 'durable' } } }],
  ])('%s: %j is told at once, by name', (name, given) => {
    expect(compose(given)).toThrow(
      expect.objectContaining({
        name: 'HoldfastError',
        code: 'invalid-option',
        message: expect.stringContaining(`\`${name}\``) as string,
      }),
    );
  });
});

describe('an option that works', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['an http address', { url: 'http://localhost:8080' }],
    ['a ws address', { url: 'ws://localhost:8080' }],
    ['a wss address', { url: 'wss://test.example/realtime' }],
    ['a URL object', { url: new URL('https://test.example/realtime') }],
    ['a path of the page’s host', { url: '/realtime' }],
    ['a path beside the page', { url: 'realtime' }],
    ['a banner at once', { timing: { uiGrace: 0 } }],
    ['a banner never', { timing: { uiGrace: Infinity } }],
    ['no release delay', { timing: { releaseAfter: 0 } }],
    ['timing that is left out', { timing: { backoffBase: undefined } }],
    ['a time limit that is none', { outbox: { ttl: Infinity } }],
    ['a user', { user: 'ada' }],
    ['no user, spelled out', { user: undefined, getToken: undefined }],
  ])('%s', (_, given) => {
    expect(compose(given)).not.toThrow();
  });
});
