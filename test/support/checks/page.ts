/** Runs in the page: every check on every transport with every codec, one after the other, and what became of each. */
import { CHECKS } from './checks.ts';
import { type CodecName, type TransportName, type Where, clear } from './kit.ts';

export interface Finding {
  readonly transport: TransportName;
  readonly codec: CodecName;
  readonly check: string;
  readonly fault: string | null;
  /** ms */
  readonly took: number;
}

export interface Report {
  readonly findings: readonly Finding[];
  readonly doing: string | null;
  /** What nobody caught. */
  readonly errors: readonly string[];
}

declare global {
  var report: Report;
}

async function run(where: Where, transports: readonly TransportName[]): Promise<void> {
  const findings: Finding[] = [];
  const errors: string[] = [];
  let doing: string | null = null;
  Object.defineProperty(globalThis, 'report', { get: (): Report => ({ findings, doing, errors }) });
  addEventListener('error', ({ message }) => errors.push(message));
  addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));
  for (const transport of transports) {
    for (const codec of ['json', 'msgpack'] as const) {
      for (const check of CHECKS) {
        doing = `${transport}, ${codec}: ${check.name}`;
        const began = Date.now();
        const fault = await check.run(where, transport, codec).then(
          () => null,
          (error: unknown) => String(error),
        );
        clear();
        findings.push({ transport, codec, check: check.name, fault, took: Date.now() - began });
      }
    }
  }
  doing = null;
}

const query = new URLSearchParams(location.search);
void run({ url: query.get('url')!, publish: '/publish' }, query.get('transports')!.split(',') as readonly TransportName[]);
