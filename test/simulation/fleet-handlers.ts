/** What an app's handlers do on the servers: as each request says. */
import { reject } from '../../server/rejection.ts';
import type { RequestHandlers } from '../../server/request-types.ts';
import { RuleFault } from './fleet-rules.ts';
import type { Oracle } from './oracle.ts';
import type { Asked, Told } from './oracle-requests.ts';

interface HandlersOptions {
  /** Of the process. */
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly oracle: Oracle;
}

export function createHandlers({ setTimeout, oracle }: HandlersOptions): RequestHandlers {
  return {
    async do(asked: Asked, { signal, user, key }): Promise<Told> {
      const { takes, ends, obeys, call, scope } = asked;
      const mine = user === null ? scope.startsWith('page ') : user.id === scope;
      if (!mine) oracle.fail('I12', `request ${call} of ${scope} ran as ${user?.id}`);
      if (key !== asked.key) oracle.fail('I11', `request ${call} ran with the key ${key}`);
      const { run, end } = oracle.requests.ran(asked);
      await new Promise<void>((resolve, fail) => {
        if (takes === 0) return resolve();
        setTimeout(resolve, takes);
        if (obeys) signal.addEventListener('abort', () => fail(signal.reason as Error));
      });
      end(ends === 'retries' ? 'given-back' : 'ended');
      if (ends === 'refuses') throw reject('refused', 'Refused');
      if (ends === 'retries') throw reject('busy', 'Busy', { retryable: true, retryAfter: 10 });
      if (ends === 'faults') throw new RuleFault('the handler failed, as the plan has it');
      return { call, run };
    },
  };
}
