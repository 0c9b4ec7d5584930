/** The newest messages of a channel, with paging into its log. */
import type { Client, Cursor, HistoryPage, Message } from 'holdfast';
import { type HoldfastError, check } from '../../src/errors.ts';
import { createKept, keepSame } from './kept.ts';
import { type Give, type Running, type Source, shareSource } from './source.ts';

export interface MessageListOptions {
  /** @default all */
  readonly events?: readonly string[];
  /** Beyond these the oldest are let go; what `loadOlder` brought is kept besides. @default 100 */
  readonly limit?: number;
  /** Past messages to begin with, and in each older page; at most 499. With 0 nothing is read before `loadOlder`. @default 50 */
  readonly rewind?: number;
}

export interface MessageList<M = Message> {
  /** Oldest first. */
  readonly messages: readonly M[];
  /** idle: switched off, or rendered by a server. recovering: live before; what was missed is being read. */
  readonly status: 'idle' | 'loading' | 'live' | 'recovering' | 'closed';
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  /** No effect while a page is on its way, or if there is none. */
  readonly loadOlder: () => void;
  /** Why the channel is closed, or the past could not be read. */
  readonly error: HoldfastError | null;
}

const PAGE = 50;
const MOST = 499;

export const NO_MESSAGES: MessageList = {
  messages: [],
  status: 'idle',
  hasOlder: false,
  loadingOlder: false,
  loadOlder() {},
  error: null,
};

const runningOf = /* @__PURE__ */ createKept<Client, Running<MessageList>>(() => new Map());

/**
 * One list for all components that ask for the same of one channel.
 * @throws HoldfastError `invalid-option`
 */
export function createMessageList(client: Client, name: string, options: MessageListOptions = {}): Source<MessageList> {
  const { events, limit = 100, rewind = PAGE } = options;
  check(Number.isInteger(limit) && limit > 0, '`limit` must be a whole number above 0.');
  check(Number.isInteger(rewind) && rewind >= 0 && rewind <= MOST, `\`rewind\` must be 0 to ${MOST}.`);
  const key = JSON.stringify([name, limit, rewind, events]);
  return shareSource(client, runningOf(client), key, {
    initial: NO_MESSAGES,
    start: (give) => follow(client, name, { events, limit, rewind }, give),
  });
}

interface Wanted {
  readonly events: readonly string[] | undefined;
  readonly limit: number;
  readonly rewind: number;
}

function follow(client: Client, name: string, { events, limit, rewind }: Wanted, give: Give<MessageList>): () => void {
  const channel = client.channel(name);
  let list: readonly Message[] = [];
  /** Came since the list was last read. */
  let news: Message[] = [];
  /** How many may stay. */
  let room = limit;
  /** The oldest place that was read. */
  let edge: Cursor | null = null;
  /** Goes on from a page that brought no older place, as one of which the contract knows nothing. */
  let beyond: HistoryPage['older'] = null;
  /** unread: the first page has not come. Of `open` it is not known whether there is more. */
  let past: 'unread' | 'open' | 'read' = 'unread';
  let asking: { readonly for: 'newest' | 'older'; readonly abort: AbortController } | null = null;
  /** Came while the newest page was on its way. */
  let meanwhile: Message[] = [];
  let error: HoldfastError | null = null;
  let shown = NO_MESSAGES;

  // Volatile messages have no time: they are no part of the past.
  const fits = ({ event, sentAt }: Message): boolean => events?.includes(event) ?? sentAt !== null;
  const status = (): MessageList['status'] => {
    const { state } = channel.status.get();
    if (state === 'closed') return state;
    if (past === 'unread') return 'loading';
    return state === 'live' && asking?.for !== 'newest' ? 'live' : 'recovering';
  };
  const present = (): MessageList => {
    if (news.length > 0) list = [...list, ...news];
    news = [];
    // While older ones are on their way the place where they join on stays.
    if (list.length > room && asking?.for !== 'older') {
      list = list.slice(-room);
      edge = list[0]!.cursor;
      if (edge !== null) past = 'open';
      beyond = null;
    }
    const closed = channel.status.get();
    shown = keepSame(shown, {
      // Another empty list would be a render for nothing.
      messages: list.length === 0 ? NO_MESSAGES.messages : list,
      status: status(),
      hasOlder: past === 'open',
      loadingOlder: asking?.for === 'older',
      loadOlder,
      error: closed.state === 'closed' ? closed.error : error,
    });
    return shown;
  };
  const changed = (): void => give(present);

  const ask = (why: 'newest' | 'older', most: number, took: (page: HistoryPage) => void): void => {
    asking?.abort.abort();
    const abort = new AbortController();
    const mine = (asking = { for: why, abort });
    const place = why === 'older' && edge !== null ? { to: edge } : {};
    const { signal } = abort;
    const page = why === 'older' && beyond !== null ? beyond({ signal }) : channel.history({ limit: most, signal, ...place });
    page.then(
      (page) => {
        if (asking !== mine) return;
        asking = null;
        error = null;
        took(page);
        changed();
      },
      (cause: unknown) => {
        if (asking !== mine) return;
        asking = null;
        failed(why, cause as HoldfastError);
        changed();
      },
    );
  };
  const failed = (why: 'newest' | 'older', cause: HoldfastError): void => {
    // No log, or no such place any more: then there is no past, and that is no fault.
    const none = cause.code === 'unsupported' || cause.code === 'not-found';
    error = none ? null : cause;
    if (why === 'newest' && past !== 'unread') [list, news, edge] = [meanwhile, [], null];
    past = none ? 'read' : 'open';
  };
  const readOn = ({ messages, older }: HistoryPage): void => {
    const before = edge;
    edge = messages.at(-1)?.cursor ?? edge;
    beyond = edge !== null && isAfter(before, edge) ? null : older;
    past = older === null ? 'read' : 'open';
  };
  const loadNewest = (): void => {
    if (rewind === 0) {
      past = 'open';
      return changed();
    }
    meanwhile = [];
    ask('newest', rewind, (page) => {
      const newest = page.messages[0]?.cursor ?? null;
      list = [...page.messages.filter(fits).reverse(), ...meanwhile.filter(({ cursor }) => isAfter(cursor, newest))];
      [news, room] = [[], limit];
      readOn(page);
    });
    changed();
  };
  const loadOlder = (): void => readOlder(rewind || PAGE);
  const readOlder = (most: number): void => {
    if (past !== 'open' || asking !== null) return;
    present();
    edge ??= list[0]?.cursor ?? null;
    // One more: the place where it begins is known already.
    ask('older', most + 1, (page) => {
      const from = edge;
      const older = page.messages
        .filter((message) => fits(message) && (from === null || isAfter(from, message.cursor)))
        .reverse();
      list = [...older, ...list];
      room += older.length;
      readOn(page);
      // A page of other events only.
      if (older.length === 0) readOlder(MOST);
    });
    changed();
  };

  const stops = [
    channel.subscribeAll((message) => {
      if (!fits(message)) return;
      if (asking?.for === 'newest') meanwhile.push(message);
      news.push(message);
      changed();
    }),
    channel.status.subscribe(look),
    client.on('reset', (reset) => {
      if (reset.channel !== name || past === 'unread') return;
      if (rewind === 0) [list, news, edge] = [[], [], null];
      loadNewest();
    }),
  ];
  function look(): void {
    // Not before: what is read now joins on to what follows without a gap.
    if (past === 'unread' && asking === null && channel.status.get().state === 'live') loadNewest();
    changed();
  }
  look();
  return () => {
    for (const stop of stops) stop();
    asking?.abort.abort();
    asking = null;
  };
}

function isAfter(a: Cursor | null, b: Cursor | null): boolean {
  return a === null || b === null || a.epoch !== b.epoch || a.offset > b.offset;
}
