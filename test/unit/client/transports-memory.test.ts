/** The transport of the other tests, held to what theirs must do: what is proven over it then says something of them. */
import { transportContract } from '../../contract/transport.ts';
import { type MemoryNetwork, createMemoryNetwork } from '../../support/memory-network.ts';

// By the real clock, as the servers of the contract are real and so is its patience.
const clock = { now: () => Date.now(), setTimeout: (run: () => void, ms: number) => setTimeout(run, ms) };
let network: MemoryNetwork;

transportContract('memory', {
  servers: 1,
  front: async (_ports, [server]) => {
    network = createMemoryNetwork(clock, () => server!);
    return 0;
  },
  make: () => network.transport,
  equip: () => ({
    environment: {},
    held: () => ({ connections: network.open }),
    sent: () => network.wire.filter(({ direction }) => direction === 'up').length,
  }),
  way: async (port) => ({
    port,
    halfOpen() {
      network.hang('up', 'down');
      return network.open;
    },
    stall: (direction) => network.stall(direction),
    heal: () => network.heal(),
    [Symbol.asyncDispose]: async () => network.heal(),
  }),
  lacks: { buffer: 'what is sent is at once on its way, and held by nobody' },
});
