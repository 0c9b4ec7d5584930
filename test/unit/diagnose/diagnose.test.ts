import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { type Client, diagnose, sse, webSocket } from '../../../src/index.ts';
import { VERSION } from '../../../src/version.ts';
import { type Opening, type ScriptedTransport, createScriptedTransport } from '../../support/scripted-transport.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { type Desk, makeDesk, verdicts } from './desk.ts';

/** A server that works, 30 ms away. */
function works(opening: Opening, clock: VirtualClock): void {
  opening.open();
  const answer = (): void => {
    if (opening.state !== 'open') return;
    if (opening.sent('ping').length > 0) return opening.send({ t: 'pong', x: 1 });
    opening.welcome();
    clock.setTimeout(answer, 15);
  };
  clock.setTimeout(answer, 15);
}

describe('diagnose', () => {
  it('tries each transport in turn with a page of its own, and leaves nothing', async () => {
    const better = createScriptedTransport({ name: 'better', play: (opening) => works(opening, desk.clock) });
    const lesser = createScriptedTransport({
      name: 'lesser',
      play: (opening) => (expect(better.links).toBe(0), works(opening, desk.clock)),
    });
    const desk: Desk = makeDesk({ transports: [better, lesser] });
    const told = diagnose(desk.client);
    await desk.clock.advance(1000);
    const { ok, checks, choices } = await told;
    expect(ok).toBe(true);
    expect(choices).toEqual([]);
    expect(checks.map(({ name, ms }) => [name, ms])).toEqual([
      ['network', 0],
      ['outbox', 0],
      ['better', 30],
      ['lesser', 30],
    ]);
    const probes = [better.latest, lesser.latest];
    expect(probes.map(({ closedWith }) => closedWith)).toEqual([1000, 1000]);
    expect(probes.map(({ frames }) => frames.map(({ t }) => t))).toEqual([['hello'], ['hello']]);
    expect(probes.map(({ hello }) => hello.gen)).toEqual([1, 1]);
    expect(new Set(probes.map(({ hello }) => hello.client)).size).toBe(2);
    expect([desk.clock.pending, desk.page.watchers]).toEqual([0, 0]);
    expect(desk.client.status.get()).toEqual({ state: 'idle' });
  });

  it('does not touch the connection that runs, and uses its token', async () => {
    const getToken = vi.fn(() => 'token-1');
    const transport = createScriptedTransport({ name: 'only', play: (opening) => works(opening, desk.clock) });
    const desk: Desk = makeDesk({ transports: [transport], getToken });
    desk.client.channel('room').subscribeAll(() => {});
    await desk.clock.advance(100);
    const before = desk.client.status.get();
    const told = diagnose(desk.client);
    await desk.clock.advance(1000);
    const { summary, choices } = await told;
    const [own, probe] = transport.openings;
    expect(own!.state).toBe('open');
    expect(probe!.hello.client).not.toBe(own!.hello.client);
    expect(probe!.hello.token).toBe('token-1');
    expect(getToken).toHaveBeenCalledTimes(1);
    expect(desk.client.status.get()).toEqual(before);
    expect(choices).toMatchObject([{ transport: 'only', why: 'preferred' }]);
    expect(summary).toContain('connected over only');
    expect(summary).toMatch(/only chosen 0 s ago: preferred/);
    desk.client.destroy();
  });

  it('asks for a token before the first connection, and says if none comes', async () => {
    const asked: string[] = [];
    const tokens = [
      () => 'fresh',
      () => new Promise<never>(() => {}),
      () => Promise.reject(new Error('secret')),
      () => 42 as never,
    ];
    const problems: unknown[] = [];
    for (const token of tokens) {
      const transport = createScriptedTransport({ play: (opening) => works(opening, desk.clock) });
      const desk: Desk = makeDesk({ transports: [transport], getToken: ({ reason }) => (asked.push(reason), token()) });
      const told = diagnose(desk.client, { timeout: 300 });
      await desk.clock.advance(1000);
      problems.push([verdicts(await told)['token'], transport.latest.hello.token]);
      expect(desk.clock.pending).toBe(0);
    }
    expect(asked).toEqual(Array.from(tokens, () => 'connect'));
    expect(problems).toEqual([
      [null, 'fresh'],
      ['`getToken` did not settle within 300 ms.', undefined],
      ['`getToken` failed.', undefined],
      ['`getToken` returned neither text nor null.', undefined],
    ]);
  });

  it.each<readonly [string, (opening: Opening) => void, RegExp]>([
    [
      'is refused in words',
      (opening) => (opening.open(), opening.send({ t: 'bye', code: 4202, why: 'secret' })),
      /does not accept the token/,
    ],
    ['is closed with a code of ours', (opening) => (opening.open(), opening.end(4429, { by: 'server' })), /too many connections/],
    ['is another user', (opening) => opening.welcome({ user: 'bob' }), /another user/],
    ['is another version', (opening) => opening.welcome({ v: 2 }), /no version/],
    ['opens and breaks', (opening) => (opening.open(), opening.end(1006)), /broke at once/],
    ['opens and says nothing', (opening) => opening.open(), /no welcome came/],
    ['is welcomed and then heard no more', (opening) => opening.welcome(), /not answered/],
    ['does not even open', () => {}, /No answer came in time/],
  ])('tells a transport that %s', async (_what, play, problem) => {
    const transport: ScriptedTransport = createScriptedTransport({ name: 'only', play });
    const { client, clock } = makeDesk({ transports: [transport] });
    const told = diagnose(client, { timeout: 400 });
    await clock.advance(400);
    const { ok, checks, summary } = await told;
    expect(ok).toBe(false);
    expect(checks.at(-1)!.problem).toMatch(problem);
    expect(checks.at(-1)!.remedy).not.toBe(null);
    expect(summary).toContain(`FAIL only, ${checks.at(-1)!.ms} ms: ${checks.at(-1)!.problem!}`);
    expect([transport.links, clock.pending]).toEqual([0, 0]);
  });

  it('goes on with the next transport after each, and bounds each by the timeout', async () => {
    const names = ['a', 'b', 'c'];
    const transports = names.map((name) => createScriptedTransport({ name }));
    const { client, clock } = makeDesk({ transports: [transports[0]!, ...transports.slice(1)] });
    const told = diagnose(client, { timeout: 700 });
    await clock.advance(2100);
    expect((await told).checks.slice(2).map(({ name, ms }) => [name, ms])).toEqual(names.map((name) => [name, 700]));
  });

  it('says what the platform does not support', async () => {
    const { client } = makeDesk({ transports: [webSocket(), sse()] });
    expect(verdicts(await diagnose(client))).toMatchObject({
      websocket: 'This platform has no WebSocket.',
      sse: 'This platform has no fetch.',
    });
  });

  it('says that there is no network', async () => {
    const { client, clock, page } = makeDesk({ transports: [createScriptedTransport({ name: 'only' })] });
    page.set({ online: false });
    const told = diagnose(client, { timeout: 10 });
    await clock.advance(10);
    const { network, only } = verdicts(await told);
    expect([network, only]).toEqual(Array.from({ length: 2 }, () => 'The browser says that there is no network.'));
  });

  it('tells no secret', async () => {
    const fetch = vi.fn(() => Promise.reject(new Error('Failed to fetch https://api.example/realtime?token=s3cret')));
    const getToken = (): string => 's3cret';
    const url = 'https://api.example/realtime/sse?token=s3cret';
    const { client, clock } = makeDesk({ transports: [sse({ url })], getToken }, { fetch });
    const told = diagnose(client);
    await clock.advance(5000);
    const diagnosis = await told;
    expect(fetch).toHaveBeenCalled();
    expect(JSON.stringify(diagnosis)).not.toMatch(/secret|s3cret/);
    expect(diagnosis.summary.split('\n')[0]).toBe(`holdfast ${VERSION}, https://api.example/realtime, idle`);
  });
});

describe('a diagnosis that is aborted', () => {
  it('rejects at once, wherever it is, and leaves nothing', async () => {
    const hanging = createScriptedTransport({ name: 'hanging', play: (opening) => opening.open() });
    for (const at of [0, 100, 2600, 5100]) {
      const { client, clock, page } = makeDesk(
        { transports: [hanging, createScriptedTransport()] },
        { fetch: () => new Promise(() => {}) },
      );
      const controller = new AbortController();
      const told = diagnose(client, { signal: controller.signal });
      const rejects = expect(told).rejects.toMatchObject({ code: 'aborted' });
      await clock.advance(at);
      controller.abort();
      await rejects;
      expect([hanging.links, clock.pending, page.watchers]).toEqual([0, 0, 0]);
    }
  });

  it('begins nothing if it was aborted before', async () => {
    const transport = createScriptedTransport();
    const { client } = makeDesk({ transports: [transport] });
    await expect(diagnose(client, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    expect(transport.openings).toEqual([]);
  });

  it('does not wait for a token', async () => {
    const { client, clock } = makeDesk({ transports: [createScriptedTransport()], getToken: () => new Promise(() => {}) });
    const controller = new AbortController();
    const rejects = expect(diagnose(client, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    controller.abort();
    await rejects;
    expect(clock.pending).toBe(0);
  });
});

describe('what it is given', () => {
  it.each([0, -1, NaN, Infinity])('%s is no timeout', async (timeout) => {
    const { client } = makeDesk({ transports: [createScriptedTransport()] });
    await expect(diagnose(client, { timeout })).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('must be a client of this library', async () => {
    await expect(diagnose({} as Client)).rejects.toMatchObject({ code: 'invalid-option' });
  });
});

it('tells the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});
