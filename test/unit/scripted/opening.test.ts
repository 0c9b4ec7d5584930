import { describe, expect, it } from 'vitest';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();

describe('an opening', () => {
  it('is welcomed', async () => {
    const { client, clock, server, statuses } = stage();
    client.connect();
    await clock.advance(0);
    expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'connected']);
    expect(server.peer.url).toBe('wss://server.test/realtime/ws');
    expect(server.peer.protocols).toEqual(['holdfast.1.json']);
    expect(server.peer.got().map(({ t }) => t)).toEqual(['hello', 'ping']);
  });
});
