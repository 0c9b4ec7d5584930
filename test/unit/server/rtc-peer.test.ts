import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RtcLibrary } from '../../../server/node/rtc-library.ts';
import { Peer } from '../../../server/node/rtc-peer.ts';

afterEach(() => vi.useRealTimers());

/** A library that takes an offer and never gathers. */
const stuck = () => {
  const connection = {
    state: (_state: string): void => undefined,
    onGatheringStateChange: () => undefined,
    onLocalCandidate: () => undefined,
    onStateChange: (run: (state: string) => void) => void (connection.state = run),
    onDataChannel: () => undefined,
    setRemoteDescription: () => undefined,
    localDescription: () => null,
    close: vi.fn(),
  };
  const library = { PeerConnection: vi.fn(function () { return connection; }), cleanup: () => undefined } as unknown as RtcLibrary; // prettier-ignore
  const host = { limit: 1, partsOf: () => [], accept: () => expect.unreachable(), onHeard: () => undefined, onGone: vi.fn(), onFault: vi.fn() }; // prettier-ignore
  return { connection, host, peer: new Peer(library, {} as never, host) };
};

describe('an offer that is being answered', () => {
  it.each<[string, (made: ReturnType<typeof stuck>) => void]>([
    ['the server closes', ({ peer }) => peer.end()],
    ['the connection fails', ({ connection }) => connection.state('failed')],
  ])('is refused, and no timer left, when %s', async (_, end) => {
    vi.useFakeTimers();
    const made = stuck();
    const answer = made.peer.answer('v=0');
    end(made);
    await expect(answer).rejects.toThrow('there is no answer');
    expect(vi.getTimerCount()).toBe(0);
    expect(made.host.onGone).toHaveBeenCalledOnce();
    expect(made.host.onFault).not.toHaveBeenCalled();
  });
});
