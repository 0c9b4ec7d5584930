import type { Environment } from 'holdfast';
import { type Line, type Passage, Pipe } from './harm-socket.ts';

type Peers = NonNullable<Environment['RTCPeerConnection']>;

/**
 * Peer connections over a bad line: the same harm as to a socket, to what passes through their channels. The offer is made
 * with `fetch`, which has a harm of its own.
 */
export function createHarmPeer(line: Line): Peers | undefined {
  // Some browsers have none, or it is switched off.
  if (globalThis.RTCPeerConnection === undefined) return undefined;

  return class HarmPeer extends RTCPeerConnection implements Passage {
    readonly #outward: Pipe[] = [];
    readonly #inward: Pipe[] = [];

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options);
      const outward = new Pipe(line);
      const inward = new Pipe(line);
      this.#outward.push(outward);
      this.#inward.push(inward);
      line.passages.add(this);
      const send = channel.send.bind(channel) as (data: unknown) => void;
      channel.send = (data: unknown): void => {
        outward.push(() => {
          line.onFrame('out');
          if (channel.readyState === 'open') send(data);
        }, true);
      };
      let onmessage: RTCDataChannel['onmessage'] = null;
      Object.defineProperty(channel, 'onmessage', {
        get: () => onmessage,
        set: (handler: RTCDataChannel['onmessage']) => void (onmessage = handler),
      });
      channel.addEventListener('message', (event) => {
        inward.push(() => {
          line.onFrame('in');
          onmessage?.call(channel, event);
        }, true);
      });
      return channel;
    }

    get waiting(): Passage['waiting'] {
      const sum = (pipes: readonly Pipe[]): number => pipes.reduce((frames, pipe) => frames + pipe.frames, 0);
      return { out: sum(this.#outward), in: sum(this.#inward) };
    }

    pump(): void {
      for (const pipe of [...this.#outward, ...this.#inward]) pipe.pump();
    }

    /** Whoever closes a peer connection is told of nothing, so this tells what a network that fails would. */
    cut(): void {
      const tell = this.onconnectionstatechange;
      this.close();
      tell?.call(this, new Event('connectionstatechange'));
    }

    override close(): void {
      for (const pipe of [...this.#outward, ...this.#inward]) pipe.clear();
      line.passages.delete(this);
      line.onQueue();
      super.close();
    }
  };
}
