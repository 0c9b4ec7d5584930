// Holds I1, I10, I11 (docs/guarantees.md).
import { memoryBroker } from '../../server/brokers/memory.ts';
import { createRandom } from '../support/random.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { brokerContract } from './broker.ts';

brokerContract('memory', () => {
  const clock = createVirtualClock();
  const { now, setTimeout, clearTimeout } = clock;
  return {
    broker: memoryBroker({ environment: { now, setTimeout, clearTimeout, random: createRandom(3) } }),
    advance: clock.sleep,
  };
});
