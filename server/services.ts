import type { Checks } from '../src/contract/checks.ts';
import type { Admission } from './admission.ts';
import type { Broker } from './brokers/broker.ts';
import type { ServerEnvironment } from './environment.ts';
import type { Allowance } from './limits.ts';
import type { Counters } from './metrics.ts';
import type { Batcher } from './outgoing.ts';
import type { Leases } from './presence-leases.ts';
import type { Rosters } from './presence-roster.ts';
import type { Registry } from './registry.ts';
import type { AnyHandler } from './request-types.ts';
import type { Rules } from './rules.ts';
import type { Runs } from './runs.ts';
import type { Tails } from './tail.ts';
import type { ServerLimits, ServerOptions, ServerTiming } from './types.ts';

/** What every connection of a server shares. */
export interface Services {
  readonly environment: ServerEnvironment;
  readonly limits: ServerLimits;
  readonly timing: ServerTiming;
  readonly rules: Rules;
  readonly broker: Broker;
  readonly tails: Tails;
  readonly rosters: Rosters;
  readonly leases: Leases;
  readonly batcher: Batcher;
  readonly registry: Registry;
  readonly allowance: Allowance;
  /** Of requests. */
  readonly requestAllowance: Allowance;
  readonly handlers: ReadonlyMap<string, AnyHandler>;
  readonly runs: Runs;
  readonly admission: Admission;
  readonly counters: Counters;
  /** Of the contract, if there is one. */
  readonly checks: Checks | undefined;
  readonly authenticate: ServerOptions['authenticate'];
  /** Id of the lane memory, once it is known. */
  memory(): string | Promise<string>;
  /** ms since this server learned that its store failed over. */
  recheckedFor(): number;
  /** Since the server began, ms. */
  age(): number;
  /** To `onEvent`. A fault carries `error`. */
  report(name: string, detail: Readonly<Record<string, unknown>>): void;
}
