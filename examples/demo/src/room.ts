import type { Client, Cursor, Message, Receipt, Reset } from 'holdfast';
import { type Author, readAuthor, readNumbered, readSaid } from './wire.ts';
import type { Tick } from './history.ts';
import { createMessageList, type Logged, type MessageList } from './message-list.ts';
import { createScore, type Score } from './score.ts';
import { createTyping, type Typing } from './typing.ts';
import { randomId } from './identity.ts';

/** One room: its channel, what came through it, and what this tab says in it. */
export interface Room {
  readonly name: string;
  readonly list: MessageList;
  readonly score: Score;
  readonly typing: Typing;
  /** Where this page stands in the log; null before the first message. */
  cursor(): Cursor | null;
  say(text: string): void;
  /** Publishes what no rule of the server allows, to show a refusal. */
  sayForbidden(): void;
  burst(total: number): void;
  typed(): void;
}

export interface RoomOptions {
  readonly client: Client;
  readonly name: string;
  readonly me: () => Author;
  readonly onChange: () => void;
  /** A message of this room was published by this tab, accepted by the server, or received. */
  readonly onTick: (kind: Tick) => void;
}

export function short(epoch: string): string {
  return epoch.slice(0, 6);
}

const resets = {
  epoch: (cursor: Cursor) => `The server’s log is new (${short(cursor.epoch)}): earlier messages may be gone from it.`,
  trimmed: () => 'Away longer than the log reaches back: messages between are gone.',
  ahead: () => 'The server’s log went back to an older state: messages above may be gone from it.',
  branch: () => 'The server’s log went another way than ours: messages above may be gone from it.',
  busy: () => 'More came than could be followed: messages between were skipped.',
} as const satisfies Record<Reset['why'], (cursor: Cursor) => string>;

export function createRoom({ client, name, me, onChange, onTick }: RoomOptions): Room {
  const channel = client.channel(`room:${name}`);
  const list = createMessageList();
  const score = createScore();
  const typing = createTyping(onChange);
  let cursor: Cursor | null = null;

  /** Notes the place of a message in the log; null if its author or place is not to be had. */
  function arrived(message: Message, from: string): Logged | null {
    if (message.cursor === null) return null;
    cursor = message.cursor;
    score.saw(cursor);
    onTick('received');
    typing.stopped(from);
    onChange();
    const own = message.own || from === me().from;
    return { id: message.id, at: message.sentAt ?? Date.now(), own, place: cursor };
  }

  function publish(event: string, data: unknown): Receipt {
    const receipt = channel.publish(event, data);
    onTick('published');
    // Whoever wants to know how it ended asks the receipt.
    receipt.accepted.then(
      () => onTick('accepted'),
      () => {},
    );
    return receipt;
  }

  channel.subscribe('message', (data: unknown, message) => {
    const said = readSaid(data);
    const logged = arrived(message, said?.from ?? '');
    if (said !== null && logged !== null) list.logged(said, logged);
  });
  channel.subscribe('burst', (data: unknown, message) => {
    const numbered = readNumbered(data);
    const logged = arrived(message, numbered?.from ?? '');
    if (numbered === null || logged === null) return;
    const { run, verdict } = score.take(numbered, logged.place);
    list.loggedBurst(run, logged).take(numbered.n, verdict, run);
  });
  channel.subscribe('typing', (data: unknown) => {
    const author = readAuthor(data);
    if (author !== null) typing.heard(author);
  });
  channel.onReset((reset) => {
    cursor = reset.cursor;
    list.divider(resets[reset.why](reset.cursor));
    onChange();
    // This page keeps no state elsewhere to load again: of a new log it reads everything, from before the first entry. What
    // others have already said there is not missed, and what stands above is known by its id.
    if (reset.why === 'epoch') return { epoch: reset.cursor.epoch, offset: 0, tag: '' };
    return undefined;
  });

  channel.status.subscribe(() => {
    const status = channel.status.get();
    if (status.state === 'closed') list.divider(`The server closed this room (${status.error.code}): ${status.error.message}`);
    onChange();
  });

  return {
    name,
    list,
    score,
    typing,
    cursor: () => cursor,
    say(text) {
      const said = { ...me(), text };
      list.pending(said, publish('message', said));
      typing.sent();
      onChange();
    },
    sayForbidden() {
      const said = { ...me(), text: 'This is an event that no rule of the server allows.' };
      list.pending(said, publish('forbidden', said));
      onChange();
    },
    burst(total) {
      const author = me();
      const run = randomId();
      score.expect({ ...author, id: run, total });
      const view = list.pendingBurst({ id: run, total }, author);
      for (let n = 1; n <= total; n += 1) {
        view.mark(n, 'waiting');
        publish('burst', { ...author, run, n, of: total }).accepted.then(
          () => view.mark(n, 'accepted'),
          () => view.mark(n, 'failed'),
        );
      }
      onChange();
    },
    typed() {
      if (typing.shouldTell()) channel.publishVolatile('typing', me());
    },
  };
}
