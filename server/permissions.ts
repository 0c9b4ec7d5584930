import type { Match } from './rules.ts';
import type { Services } from './services.ts';
import type { User } from './types.ts';
import { ask, isThenable, RuleContext, type Verdict, verdictOf, verdictOfError, within } from './verdict.ts';

/** Who may read, and be there: asks the `subscribe` and `presence` rules, for one connection. */
export class Permissions {
  readonly #services: Services;
  readonly #host: { readonly user: User };
  readonly #contexts = new Set<RuleContext>();

  constructor(services: Services, host: { readonly user: User }) {
    this.#services = services;
    this.#host = host;
  }

  /** Rules that have not answered. */
  get size(): number {
    return this.#contexts.size;
  }

  /** @param tell called once; at once, if the rule answers so */
  ask(
    channel: string,
    { rule, params }: Match,
    tell: (verdict: Verdict) => void,
    name: 'subscribe' | 'presence' = 'subscribe',
  ): void {
    const asked = rule[name];
    if (typeof asked !== 'function') return tell(verdictOf(asked));
    const { environment, timing, report } = this.#services;
    const onVerdict = (verdict: Verdict): void => {
      if (verdict.say === 'later' && 'fault' in verdict) {
        report('rule-failed', { channel, rule: name, error: verdict.fault });
      }
      tell(verdict);
    };
    const context = new RuleContext(this.#host.user, channel, params);
    const answer = ask(() => asked(context));
    if (!isThenable(answer)) return onVerdict(answer);
    this.#contexts.add(context);
    const settle = (verdict: Verdict): void => {
      if (this.#contexts.delete(context)) onVerdict(verdict);
    };
    const fail = (error: unknown): void => {
      context.abort(error instanceof Error ? error : new Error('the rule failed'));
      settle(verdictOfError(error));
    };
    within(environment, timing.ruleTimeout, answer, (value) => settle(verdictOf(value)), fail);
  }

  /** Nobody is told any more: what a rule makes of its aborted signal is no fault of it. */
  end(): void {
    const contexts = [...this.#contexts];
    this.#contexts.clear();
    for (const context of contexts) context.abort(new Error('the connection has ended'));
  }
}
