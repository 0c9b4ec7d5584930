import { setTimeout as pause } from 'node:timers/promises';
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
    offer: peer.localDescription()!.sdp,
    peer,
    frames,
    heard,
    async open(answer) {
      // The library says that it has gathered a moment before it can take an answer, and says nothing when it can.
      await pause(150);
      peer.setRemoteDescription(answer, 'answer');
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
