/** What a page's app asks of the servers. */
import type { Actor } from './actor.ts';
import type { Asked, Told } from './oracle-requests.ts';
import type { PageAction } from './page-actions.ts';
import type { Stage } from './stage.ts';

export type Request = Omit<Extract<PageAction, { readonly type: 'request' }>, 'type' | 'page'>;

const PROBES: readonly Request[] = [null, 1_000_000].map((key) => ({
  ...{ key, takes: 10, ends: 'well', obeys: true, timeout: 20_000, patience: null },
}));
/** Beyond the time limit, ms: the page's timers fall due in their order. */
const SLACK = 1000;
const EXPECTED = ['aborted', 'timeout', 'connection-lost', 'unknown-outcome', 'app', 'unavailable', 'rate-limited', 'token-expired', 'destroyed', 'unauthorized', 'protocol-error']; // prettier-ignore

export class Asking {
  readonly #actor: Actor;
  readonly #stage: Stage;
  #asked = 0;

  constructor(actor: Actor, stage: Stage) {
    this.#actor = actor;
    this.#stage = stage;
  }

  async ask({ key, takes, ends, obeys, timeout, patience }: Request): Promise<Told | string> {
    const { chronicle, clock, oracle } = this.#stage;
    const { client, life, number, user } = this.#actor;
    this.#asked += 1;
    const params: Asked = {
      call: `${number}:${this.#asked}`,
      // The keys of a user are all pages'; those of an anonymous visitor are the page's.
      scope: user === 'anonymous' ? `page ${number}` : user,
      ...{ key: key === null ? null : `k${key}`, takes, ends, obeys },
    };
    const controller = new AbortController();
    if (patience !== null) void life.wait(patience).then(() => controller.abort());
    const began = clock.now();
    let state: 'open' | 'settled' = 'open';
    oracle.requests.asked(params);
    try {
      const options = { ...(params.key !== null && { key: params.key }), timeout, signal: controller.signal };
      const answer = client.request('do', params, options);
      // After the client's own: timers of a hidden page fall due together, in the order in which they were set.
      const watch = life.wait(timeout + SLACK).then(() => life.wait(0));
      void watch.then(() => {
        if (state === 'open' && this.#actor.alive) oracle.fail('I11', `request ${params.call} was not answered within its time`);
      });
      const told = (await answer) as Told;
      oracle.requests.answered(params, told);
      chronicle.count(params.key === null ? 'request answered' : 'request with key answered');
      chronicle.record(`page ${number} got the answer of ${params.call}`);
      return told;
    } catch (error) {
      const { code = String(error) } = error as { readonly code?: string };
      chronicle.count(`request ${code}`);
      chronicle.record(`page ${number} got no answer of ${params.call}: ${code}`);
      if (!EXPECTED.includes(code)) oracle.fail('I15', `page ${number} was refused a request: ${code}`);
      // By the page's clock, by which the time is over when somebody sets it.
      const early = clock.now() - began < Math.min(timeout, 60_000) - SLACK;
      if (code === 'timeout' && early && !life.setWithin(2 * timeout)) {
        oracle.fail('I11', `request ${params.call} was given up after ${clock.now() - began} ms`);
      }
      return code;
    } finally {
      state = 'settled';
      oracle.requests.settled(params);
    }
  }

  /** When all is quiet: nothing stands in the way of an answer. */
  async probe(): Promise<void> {
    for (const request of PROBES) {
      const told = await this.ask(request);
      if (typeof told === 'string') this.#stage.oracle.fail('I7', `page ${this.#actor.number} asked, and was told ${told}`);
    }
  }

  /** The page's process is gone, and nobody waits. */
  abandon(): void {
    this.#stage.oracle.requests.abandon(`${this.#actor.number}:`);
  }
}
