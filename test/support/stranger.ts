import { type DataChannel, PeerConnection } from 'node-datachannel';

/** A peer that speaks WebRTC and not a word of the protocol. */
export interface Stranger {
  readonly offer: string;
  readonly peer: PeerConnection;
  readonly frames: DataChannel;
  readonly heard: Buffer[];
  /** Takes the answer; resolves when its channel is open. */
  open(answer: string): Promise<void>;
  /** Resolves when the server has closed the channel. */
  readonly closed: Promise<void>;
}

/** Of an offer or an answer. */
const CANDIDATES = /^a=(candidate:.*|end-of-candidates)\r\n/gm;

/**
 * Neither side knows where the other is before the answer is taken, and then only the stranger does. Otherwise the server
 * would begin to connect as soon as it has answered, and the library, which keeps the answer's fingerprint a moment after it
 * lets the connection begin, would at times refuse the server's certificate.
 */
export async function createStranger(protocol = 'holdfast.1.json', label = 'frames'): Promise<Stranger> {
  const peer = new PeerConnection('stranger', { iceServers: [], bindAddress: '127.0.0.1' });
  const gathered = new Promise<void>((resolve) => {
    peer.onGatheringStateChange((state) => {
      if (state === 'complete') resolve();
    });
  });
  const frames = peer.createDataChannel(label, { protocol });
  const heard: Buffer[] = [];
  frames.onMessage((data) => heard.push(data as Buffer));
  const opened = new Promise<void>((resolve) => frames.onOpen(resolve));
  const closed = new Promise<void>((resolve) => frames.onClosed(resolve));
  await gathered;
  return {
    offer: peer.localDescription()!.sdp.replace(CANDIDATES, ''),
    peer,
    frames,
    heard,
    open(answer) {
      peer.setRemoteDescription(answer.replace(CANDIDATES, ''), 'answer');
      for (const [, line] of answer.matchAll(CANDIDATES)) {
        if (line!.startsWith('candidate')) peer.addRemoteCandidate(line!, '0');
      }
      return opened;
    },
    closed,
  };
}

/** The answer to an offer, or to what is none. */
export const postOffer = (port: number, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/realtime/rtc`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', ...headers },
    body,
  });
