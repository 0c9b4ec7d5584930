/** Runs in the page: every check of the store, one after the other, and what a test needs of it to leave the page. */
import type { KeyRange, OpenStore } from '../../../src/outbox/store.ts';
import { STORE_CHECKS, createStoreScene, settle } from './store-checks.ts';

export interface StoreFinding {
  readonly check: string;
  readonly fault: string | null;
}

interface StoreDesk {
  /** undefined until all are through. */
  readonly findings: readonly StoreFinding[] | undefined;
  /** What nobody caught. */
  readonly errors: readonly string[];
  /** Last answer of one of the following, which a driver that waits for no promise asks for; null: none yet. */
  readonly said: string | null;
  check(): void;
  /** Writes this row and reads all. */
  write(n: number): void;
  read(): void;
  /** Writes in a handler of that event of the page, when nobody waits for the answer any more. */
  writeOn(event: string, n: number): void;
  /** Writes, and lets no event come any more. */
  writeAndStandStill(n: number): Promise<void>;
  /** Opens the next version, as a later release of the library would, and says whether anybody was in its way. */
  upgrade(): void;
  /** Whether the page came from the back/forward cache. */
  returned: boolean;
}

declare global {
  var desk: StoreDesk;
}

const ALL: KeyRange = [[], ['\uffff']];
const errors: string[] = [];
let findings: StoreFinding[] | undefined;
let said: string | null = null;
let opening: Promise<OpenStore> | undefined;

const store = (): Promise<OpenStore> => (opening ??= createStoreScene('leaving').open());
const say = (doing: Promise<unknown>): void => {
  said = null;
  doing.then(
    (value) => (said = JSON.stringify(value)),
    (error: unknown) => (said = String(error)),
  );
};
const rows = async (): Promise<unknown> => (await (await store()).read([ALL]))[0]!.map(([[, n]]) => n);
const put = async (n: number): Promise<void> => {
  await (await store()).write({ remove: [], put: [[['r', n], n]], strict: false });
};

async function check(): Promise<void> {
  const found: StoreFinding[] = [];
  for (const { name, run } of STORE_CHECKS) {
    const scene = createStoreScene(`checks ${found.length}`);
    const fault = await run(scene)
      .finally(() => scene.end())
      .then(
        () => null,
        (error: unknown) => String(error),
      );
    found.push({ check: name, fault });
  }
  findings = found;
}

addEventListener('error', ({ message }) => errors.push(message));
addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));
addEventListener('pageshow', ({ persisted }) => (desk.returned = persisted));

globalThis.desk = {
  get findings() {
    return findings;
  },
  get said() {
    return said;
  },
  errors,
  returned: false,
  check: () => void check(),
  write: (n) => say(put(n).then(rows)),
  read: () => say(rows()),
  writeOn(event, n) {
    addEventListener(event, () => void put(n), { once: true });
    say(store().then(() => 'ready'));
  },
  async writeAndStandStill(n) {
    void put(n);
    // What the page does by itself after the call, which takes no event.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    const request = new XMLHttpRequest();
    request.open('GET', '/stuck', false);
    request.send();
  },
  upgrade() {
    say(
      store().then(async ({ scope }) => {
        const request = indexedDB.open(scope, 2);
        let blocked = 0;
        request.onblocked = () => (blocked += 1);
        (await settle(request)).close();
        return { blocked };
      }),
    );
  },
};
