/** Data channels between a real browser and a real server, straight and through a relay. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebRTCOptions } from '../../src/transports/webrtc.ts';
import type { Channel, Client } from '../../src/types.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { createSite } from '../support/site.ts';
import { startTurnServer } from '../support/turn.ts';

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

interface Bag {
  client: Client;
  room: Channel;
  got: unknown[];
  told: unknown[];
  steps: { readonly name: string; readonly detail: unknown }[];
  peers: RTCPeerConnection[];
  channels: RTCDataChannel[];
}

/** Runs in the page. */
function start({ url, options }: { readonly url: string; readonly options: WebRTCOptions }): void {
  const { composeClient, json, webRTC } = Holdfast;
  const peers: RTCPeerConnection[] = [];
  const channels: RTCDataChannel[] = [];
  class Kept extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      peers.push(this);
    }
    override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, init);
      channels.push(channel);
      return channel;
    }
  }
  const { upgradeOnly: _, ...alone } = webRTC(options);
  const environment = { RTCPeerConnection: Kept };
  const client = composeClient({ url, transports: [alone], codec: json(), environment });
  const made: Bag = { client, room: client.channel('room'), got: [], told: [], steps: [], peers, channels };
  client.on('trace', ({ name, detail }) => made.steps.push({ name, detail }));
  made.room.subscribe('message', (data) => made.got.push(data));
  made.room.subscribe('pointer', (data) => made.told.push(data));
  Object.assign(globalThis, { bag: made });
}

const live = (): boolean => (bag as unknown as Bag).room.status.get().state === 'live';

/** Runs in the page: the kinds of the candidates that are in use. */
async function path(): Promise<readonly (string | undefined)[]> {
  const stats = [...(await (bag as unknown as Bag).peers[0]!.getStats()).values()] as Record<string, string>[];
  const id = stats.find(({ type }) => type === 'transport')?.['selectedCandidatePairId'];
  const pair = stats.find((one) => one['id'] === id);
  return ['localCandidateId', 'remoteCandidateId'].map(
    (key) => stats.find((one) => one['id'] === pair?.[key])?.['candidateType'],
  );
}

describe('a page', () => {
  it('and a server talk both ways, volatile messages on a channel of their own, and leave nothing behind', async () => {
    await using site = await createSite({}, { webRTC: { bindAddress: '127.0.0.1' } });
    const { page, errors } = await chromium.open(site.url);
    await page.evaluate(start, { url: `${site.url}realtime`, options: {} });
    await page.waitForFunction(live);
    const large = 'ü'.repeat(30_000);
    expect(await page.evaluate((data) => (bag as unknown as Bag).room.publish('message', data).accepted.then(({ cursor }) => cursor!.offset), large)).toBe(1); // prettier-ignore
    for (let n = 1; n <= 50; n += 1) await site.server.publish('room', 'message', n);
    await page.waitForFunction(() => (bag as unknown as Bag).got.length === 51);
    expect(await page.evaluate(() => (bag as unknown as Bag).got)).toEqual([
      large,
      ...Array.from({ length: 50 }, (_, n) => n + 1),
    ]);
    site.server.publishVolatile('room', 'pointer', 7);
    await page.waitForFunction(() => (bag as unknown as Bag).told.length === 1);
    await page.evaluate(() => (bag as unknown as Bag).room.publishVolatile('pointer', 8));
    const carried = await page.evaluate(async () => {
      const stats = [...(await (bag as unknown as Bag).peers[0]!.getStats()).values()] as Record<string, unknown>[];
      const tells = stats.find(({ label }) => label === 'tells');
      return [tells?.['messagesSent'], tells?.['messagesReceived']];
    });
    expect(carried).toEqual([1, 1]);
    const left = await page.evaluate(() => {
      const { client, peers, channels } = bag as unknown as Bag;
      client.destroy();
      return [
        ...peers.map(({ connectionState }) => connectionState),
        ...channels.map(({ onmessage, onclose }) => onmessage ?? onclose),
      ];
    });
    expect(left).toEqual(['closed', null, null]);
    await expect.poll(() => site.server.metrics.get()['connections'], { timeout: 10_000 }).toBe(0);
    expect(errors).toEqual([]);
  });

  it('that may only use a relay goes through it', async () => {
    await using turn = await startTurnServer();
    await using site = await createSite({}, { webRTC: { bindAddress: '127.0.0.1' } });
    const { page } = await chromium.open(site.url);
    const options = { iceServers: [turn.iceServer], iceTransportPolicy: 'relay' } as const;
    await page.evaluate(start, { url: `${site.url}realtime`, options });
    await page.waitForFunction(live);
    expect((await page.evaluate(path))[0]).toBe('relay');
    await site.server.publish('room', 'message', 'through the relay');
    await page.waitForFunction(() => (bag as unknown as Bag).got.length === 1);
    expect(await page.evaluate(() => (bag as unknown as Bag).got)).toEqual(['through the relay']);
    await page.evaluate(() => (bag as unknown as Bag).client.destroy());
  });

  it('is told that a server has no WebRTC', async () => {
    await using site = await createSite();
    const { page } = await chromium.open(site.url);
    await page.evaluate(start, { url: `${site.url}realtime`, options: { url: `${site.url}realtime/rtc?` } });
    await page.waitForFunction(() => (bag as unknown as Bag).client.status.get().state === 'waiting');
    const status = await page.evaluate(() => (bag as unknown as Bag).client.status.get());
    expect(status).toMatchObject({ reason: { by: 'server', layer: 'transport', code: 1008, opened: false } });
  });
});

it('a page whose server is killed notices it, though UDP has no end of its own', async () => {
  const program = spawn(process.execPath, [fileURLToPath(new URL('../support/rtc-server.mjs', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const { value } = await createInterface(program.stdout)[Symbol.asyncIterator]().next();
    const url = value as string;
    await using site = await createSite();
    const { page } = await chromium.open(site.url);
    await page.evaluate(start, { url, options: {} });
    await page.waitForFunction(live);
    program.kill('SIGKILL');
    await page.waitForFunction(() => (bag as unknown as Bag).steps.some(({ name }) => name === 'ended'), undefined, {
      timeout: 40_000,
    });
    const status = await page.evaluate(() => (bag as unknown as Bag).client.status.get());
    expect(status).toMatchObject({ reason: { opened: true, transport: 'webrtc' } });
    await page.evaluate(() => (bag as unknown as Bag).client.destroy());
  } finally {
    program.kill('SIGKILL');
  }
});
