/** Where a page's app gets its tokens, and what goes wrong there. */
import type { TokenContext } from '../../src/types.ts';
import type { PageLife } from './page.ts';
import type { TokenPlan } from './plan.ts';

export interface TokenDeskOptions {
  readonly plan: TokenPlan;
  readonly user: string;
  /** By the clock of the servers, which judge tokens. */
  readonly now: () => number;
  readonly random: () => number;
  readonly life: PageLife;
  count(name: string): void;
}

const SLOWEST = 8000;

export class TokenDesk {
  readonly #options: TokenDeskOptions;
  #plan: TokenPlan;
  /** Tokens given that the server will not accept, since a connection was last welcomed. */
  refused = 0;

  constructor(options: TokenDeskOptions) {
    this.#options = options;
    this.#plan = options.plan;
  }

  readonly get = (context: TokenContext): string | Promise<string> => {
    const { random, count } = this.#options;
    const { throws, hangs, slow, refused } = this.#plan;
    const happens = (share: number, name: string): boolean => {
      if (share === 0 || random() >= share) return false;
      count(name);
      return true;
    };
    if (happens(throws, 'token failed')) throw new Error('no token, as the plan has it');
    // Abandoned after ten seconds, or when nobody needs it any more.
    if (happens(hangs, 'token hung')) return new Promise(() => {});
    if (context.reason !== 'rejected' && this.refused === 0 && happens(refused, 'token refused')) {
      this.refused += 1;
      return `${this.#options.user} 0`;
    }
    if (!happens(slow, 'token late')) return this.#good();
    return this.#options.life.wait(random() * SLOWEST).then(() => this.#good());
  };

  /** Nothing goes wrong any more. */
  calm(): void {
    this.#plan = { ...this.#plan, throws: 0, hangs: 0, slow: 0, refused: 0 };
  }

  #good(): string {
    return `${this.#options.user} ${this.#options.now() + this.#plan.life}`;
  }
}
