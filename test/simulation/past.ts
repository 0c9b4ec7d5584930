/** What a page's app reads of the past, page by page. */
import type { Cursor, HistoryPage, Message } from '../../src/types.ts';
import type { Actor } from './actor.ts';
import type { PageAction } from './page-actions.ts';
import type { Stage } from './stage.ts';

type Reading = Omit<Extract<PageAction, { readonly type: 'history' }>, 'type' | 'page'>;

/** All of a log, where the server keeps as much as it can be asked for. */
const ALL = 500;
/** What a question comes to at the latest, the wait for a connection included, ms. */
const PATIENCE = 30_000;

export class Past {
  readonly #actor: Actor;
  readonly #stage: Stage;

  constructor(actor: Actor, stage: Stage) {
    this.#actor = actor;
    this.#stage = stage;
  }

  /** As far as it gets. */
  async read({ channel, limit, pages, pause, patience }: Reading): Promise<void> {
    const { client, life } = this.#actor;
    const { signal, abort } = abortable();
    if (patience !== null) void life.wait(patience).then(abort);
    const read: Message[] = [];
    let page = await this.#ask(() => client.channel(channel).history({ limit, signal }));
    for (let left = pages; page !== null; left -= 1) {
      read.push(...page.messages);
      const { older } = page;
      if (older === null || left <= 1 || !this.#actor.alive) break;
      if (pause > 0) await life.wait(pause);
      page = await this.#ask(() => older({ signal }));
    }
    this.#stage.oracle.past(this.#actor.number, channel, read);
  }

  /** When all is quiet: everything that is kept, up to the top. */
  async readAll(channel: string, top: Cursor): Promise<void> {
    const { oracle } = this.#stage;
    const { number, client } = this.#actor;
    const read: Message[] = [];
    try {
      let page = await client.channel(channel).history({ limit: ALL });
      read.push(...page.messages);
      while (page.older !== null) read.push(...(page = await page.older()).messages);
      oracle.past(number, channel, read);
      oracle.wholePast(number, channel, read, top, page.trimmed);
    } catch (error) {
      oracle.fail('I7', `page ${number} cannot read the past of ${channel}: ${String(error)}`);
    }
  }

  /** @returns null if it was refused, which it may be while faults go on */
  async #ask(run: () => Promise<HistoryPage>): Promise<HistoryPage | null> {
    const { chronicle, clock, oracle } = this.#stage;
    const { life, number } = this.#actor;
    const began = clock.now();
    try {
      const page = await run();
      chronicle.count('past read');
      chronicle.record(`page ${number} read ${page.messages.length} of the past`);
      return page;
    } catch (error) {
      const { code = String(error) } = error as { readonly code?: string };
      chronicle.count(`past ${code}`);
      chronicle.record(`page ${number} could not read the past: ${code}`);
      const expected = ['aborted', 'timeout', 'not-found', 'unavailable', 'rate-limited', 'destroyed', 'unauthorized', 'protocol-error']; // prettier-ignore
      if (!expected.includes(code)) oracle.fail('I15', `page ${number} was refused the past: ${code}`);
      // By the page's clock, by which the time is over when somebody sets it.
      if (code === 'timeout' && !life.setWithin(2 * PATIENCE) && clock.now() - began < PATIENCE / 3) {
        oracle.fail('I7', `page ${number} gave the past up after ${clock.now() - began} ms`);
      }
      return null;
    }
  }
}

function abortable(): { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
