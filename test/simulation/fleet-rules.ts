/** What an app's rules do on the servers: allow, refuse, fail, and take their time. */
import type { ChannelRule } from '../../server/types.ts';
import type { RulesPlan } from './fleet-actions.ts';
import type { Oracle, Said } from './oracle.ts';

interface RulesOptions {
  readonly plan: RulesPlan;
  /** Whether rules still fail. */
  readonly failing: () => boolean;
  /** Whether they still refuse; another time the same may be allowed. */
  readonly refusing: () => boolean;
  readonly entries: number;
  readonly random: () => number;
  /** Of the process. */
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly oracle: Oracle;
}

type Answer = boolean | Promise<boolean>;
interface Asker {
  readonly user: { readonly id: string } | null;
}

/** What the app throws; a server reports it. */
export class RuleFault extends Error {}

export function createChannelRules(options: RulesOptions): Readonly<Record<string, ChannelRule>> {
  const { plan, failing, refusing, entries, random, setTimeout, oracle } = options;
  const answer = (refuses: number): Answer => {
    if (failing() && plan.throws > 0 && random() < plan.throws) throw new RuleFault('the rule failed, as the plan has it');
    const yes = refuses === 0 || !refusing() || random() >= refuses;
    const takes = Math.round(random() * plan.takes);
    return takes === 0 ? yes : new Promise((resolve) => void setTimeout(() => resolve(yes), takes));
  };
  return {
    '{channel}': {
      subscribe: () => answer(0),
      publish: {
        said: (data: Said, { user }: Asker) => {
          oracle.published(user?.id ?? null, data);
          return answer(plan.refuses);
        },
        told: true,
      },
      history: { entries },
    },
  };
}
