import { resolve } from '../connection/opening.ts';
import { HoldfastError } from '../errors.ts';
import { type Internals, internals } from '../internals.ts';
import type { Environment } from '../platform/environment.ts';
import { type Violation, watchViolations } from '../platform/violations.ts';
import type { Transport } from '../transports/transport.ts';
import type { Client, Contract, Outbox, Untyped } from '../types.ts';
import type { Check, DiagnoseOptions, Diagnosis } from '../types/diagnosis.ts';
import { type Evidence, type Reach, bare } from './evidence.ts';
import { findingOf } from './findings.ts';
import { probe } from './probe.ts';
import { reach } from './reach.ts';
import { createRecorder } from './recorder.ts';
import { summarize } from './summary.ts';

const TIMEOUT = 5000;
/** Browsers tell of a violation a moment after what it forbade has failed, ms. */
const AFTERWORD = 50;

interface Bench {
  readonly environment: Environment;
  readonly options: Internals['options'];
  /** Resolved. */
  readonly url: string;
  readonly token: string | null;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * Tries each transport of the client with a short connection of its own, one after another, and says what works, where the
 * others fail and how to mend it. The client's own connection is left alone: it may work, wait, or not be wanted yet.
 *
 * A function, so that only who names it bundles it.
 *
 * @example const { summary } = await diagnose(client, { signal: AbortSignal.timeout(20_000) });
 * @returns rejects with HoldfastError `aborted` at once, and with `invalid-option`; what fails is no rejection but a check
 */
export async function diagnose<C extends Contract<C> = Untyped>(
  client: Client<C>,
  { signal, timeout = TIMEOUT }: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const inside = internals.get(client);
  if (inside === undefined) throw new HoldfastError('invalid-option', 'diagnose() takes a client of this copy of the library.');
  if (!(timeout > 0 && timeout < Infinity)) throw new HoldfastError('invalid-option', '`timeout` must be a positive number.');
  const { options, connection } = inside;
  const { environment } = options;
  const address = resolve(options.url, environment.baseUrl);
  if (typeof address !== 'string') throw address.error!;
  const ends = signal ?? new AbortController().signal;
  const check = (): void => {
    if (ends.aborted) throw new HoldfastError('aborted', 'The diagnosis was aborted.');
  };

  check();
  const checks: Check[] = [networkCheck(environment)];
  const { check: tokenChecked, token } = await tokenCheck(inside, timeout, ends);
  check();
  if (tokenChecked !== null) checks.push(tokenChecked);
  checks.push(outboxCheck(client.outbox));
  const bench: Bench = { environment, options, url: address, token, timeout, signal: ends };
  const seen: { readonly evidence: Evidence; readonly ms: number }[] = [];
  for (const transport of options.transports) {
    seen.push(await inspect(transport, bench));
    check();
  }
  // At the end: what works tells why another one does not.
  const working = seen.filter(({ evidence }) => evidence.outcome.state === 'worked').map(({ evidence }) => evidence.transport);
  for (const { evidence, ms } of seen) checks.push(checkOf(evidence.transport, ms, findingOf({ ...evidence, others: working })));
  const { choices } = connection;
  return {
    ok: checks.every(({ ok }) => ok),
    summary: summarize({ url: bare(address, address), status: client.status.get(), now: environment.now(), checks, choices }),
    checks,
    choices,
  };
}

function checkOf(name: string, ms: number, finding: { readonly problem: string; readonly remedy: string } | null): Check {
  return { name, ok: finding === null, ms: Math.round(ms), problem: finding?.problem ?? null, remedy: finding?.remedy ?? null };
}

function networkCheck({ page }: Environment): Check {
  const problem = 'The browser says that there is no network.';
  return checkOf('network', 0, page.online() ? null : { problem, remedy: 'Connect to a network and diagnose again.' });
}

function outboxCheck(outbox: Outbox): Check {
  const { problem } = outbox.status.get();
  if (problem === 'none' || problem === 'memory-store') return checkOf('outbox', 0, null);
  const { remedy } = new HoldfastError('storage-failed', '');
  return checkOf('outbox', 0, { problem: `The storage of the outbox fails (${problem}).`, remedy });
}

/** The token at hand; the app is asked for one only if there is none yet, as before a first connection. */
async function tokenCheck(
  { options: { getToken, environment }, connection }: Internals,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly check: Check | null; readonly token: string | null }> {
  if (getToken === undefined) return { check: null, token: null };
  const began = environment.now();
  const controller = new AbortController();
  const told = (problem: string | null): Check => {
    const finding = problem === null ? null : { problem, remedy: new HoldfastError('token-failed', '').remedy };
    return checkOf('token', environment.now() - began, finding);
  };
  if (connection.token !== null) return { check: told(null), token: connection.token };
  return new Promise((resolve) => {
    const finish = (problem: string | null, token: string | null = null): void => {
      environment.clearTimeout(timer);
      signal.removeEventListener('abort', late);
      controller.abort();
      resolve({ check: told(problem), token });
    };
    const late = (): void => finish(`\`getToken\` did not settle within ${timeout} ms.`);
    const timer = environment.setTimeout(late, timeout);
    signal.addEventListener('abort', late, { once: true });
    // In a microtask, so that a callback that throws at once is a rejection like any other.
    void Promise.resolve()
      .then(() => getToken({ reason: 'connect', signal: controller.signal }))
      .then(
        (given: unknown) => {
          if (given === null || (typeof given === 'string' && given !== '')) finish(null, given);
          else finish('`getToken` returned neither text nor null.');
        },
        // Not what it threw: that may hold anything.
        () => finish('`getToken` failed.'),
      );
  });
}

/** One transport: a probe, and a plain `GET` beside it as soon as it fails, or half of the time has passed in silence. */
async function inspect(
  transport: Transport,
  { environment, options, url, token, timeout, signal }: Bench,
): Promise<{ readonly evidence: Evidence; readonly ms: number }> {
  const page = environment.baseUrl ?? null;
  const common = { transport: transport.name, page, others: [], online: environment.page.online() };
  if (!transport.isSupported(environment)) {
    const nothing = { address: bare(url, url), exchange: null, reach: { state: 'unasked' }, forbiddenBy: null } as const;
    return { evidence: { ...common, ...nothing, outcome: { state: 'unsupported' } }, ms: 0 };
  }
  const began = environment.now();
  const violations: Violation[] = [];
  const unwatch = watchViolations(environment.page, (violation) => violations.push(violation));
  const recorder = createRecorder(environment, url);
  let reaching: Promise<Reach> | null = null;
  // Ends a GET whose answer nobody needs any more.
  const enough = new AbortController();
  const end = (): void => enough.abort();
  signal.addEventListener('abort', end, { once: true });
  const ask = (): Promise<Reach> => {
    const left = began + timeout - environment.now();
    return (reaching ??= reach(environment, recorder.exchange()?.address ?? url, left, enough.signal));
  };
  const half = environment.setTimeout(() => void ask(), timeout / 2);
  try {
    const outcome = await probe({
      ...{ transport, url, environment: recorder.environment, client: options, token, timeout, signal },
      hasBegun: () => recorder.exchange()?.status === 200,
    });
    const ms = environment.now() - began;
    const exchange = recorder.exchange();
    const isClear = outcome.state === 'worked' || outcome.state === 'refused' || outcome.state === 'unfit';
    const isTold = isClear || (exchange !== null && (exchange.status !== null || Boolean(exchange.fault)));
    const found: Reach = isTold || signal.aborted ? { state: 'unasked' } : await ask();
    if (!isClear && page !== null) await pause(environment, AFTERWORD, signal);
    const forbiddenBy = violations.find(({ blocked }) => isOf(blocked, exchange?.address ?? url))?.directive ?? null;
    return {
      evidence: { ...common, outcome, address: exchange?.address ?? bare(url, url), exchange, reach: found, forbiddenBy },
      ms,
    };
  } finally {
    environment.clearTimeout(half);
    signal.removeEventListener('abort', end);
    end();
    unwatch();
  }
}

/** Whether what was blocked lies on the host of the address; browsers may cut it down to its origin. */
function isOf(blocked: string, address: string): boolean {
  try {
    return new URL(blocked).host === new URL(address).host;
  } catch {
    return false;
  }
}

function pause(environment: Environment, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      environment.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = environment.setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
