import { describe, expect, it } from 'vitest';
import { appendContract } from './broker-append.ts';
import { claimsContract } from './broker-claims.ts';
import { feedContract } from './broker-feed.ts';
import { brokerKit, type MakeBroker } from './broker-kit.ts';
import { historyContract } from './broker-history.ts';
import { presenceContract } from './broker-presence.ts';
import { propertiesContract } from './broker-properties.ts';
import { readContract } from './broker-read.ts';

export type { BrokerUnderTest } from './broker-kit.ts';

/** What every store must do, whatever it is made of: rules R3, R4 and R6, and the borders of a read. */
export function brokerContract(name: string, make: MakeBroker): void {
  describe(`broker: ${name}`, () => {
    appendContract(make);
    readContract(make);
    historyContract(make);
    feedContract(make);
    presenceContract(make);
    claimsContract(make);
    propertiesContract(make);

    describe('memory', () => {
      const kit = brokerKit(make);

      it('has one memory for its whole life', async () => {
        const memory = await kit.broker.memory();
        expect(memory.length).toBeGreaterThan(10);
        expect(await kit.broker.memory()).toBe(memory);
      });
    });
  });
}
