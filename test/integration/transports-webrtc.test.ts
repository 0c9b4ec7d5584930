/** In a file of its own: the last server of a process ends all that the library still does, and these peers are its too. */
import { RTCPeerConnection as Polyfill } from 'node-datachannel/polyfill';
import { beforeAll } from 'vitest';
import { acquireLibrary } from '../../server/node/rtc-library.ts';
import { webRTC } from '../../src/index.ts';
import { transportContract } from '../contract/transport.ts';
import type { Equipment } from '../contract/transport-kit.ts';
import { createUdpRelay } from '../support/udp-relay.ts';

beforeAll(async () => {
  await acquireLibrary();
});

function watchPeers(): Equipment {
  const open = new Set<Polyfill>();
  let sent = 0;
  class Peer extends Polyfill {
    constructor(...args: ConstructorParameters<typeof Polyfill>) {
      super(...args);
      open.add(this);
      this.addEventListener('connectionstatechange', () => this.connectionState === 'closed' && open.delete(this));
    }

    override createDataChannel(...args: Parameters<Polyfill['createDataChannel']>): ReturnType<Polyfill['createDataChannel']> {
      const channel = super.createDataChannel(...args);
      const send = channel.send.bind(channel);
      channel.send = (data) => {
        sent += 1;
        send(data);
      };
      return channel;
    }
  }
  return {
    environment: { RTCPeerConnection: Peer },
    held: () => ({ peers: open.size }),
    sent: () => sent,
  };
}

transportContract('WebRTC', {
  servers: 1,
  attach: { webRTC: { bindAddress: '127.0.0.1' } },
  front: async ([port]) => port!,
  way: createUdpRelay,
  equip: watchPeers,
  make() {
    const { upgradeOnly: _, ...alone } = webRTC();
    return alone;
  },
});
