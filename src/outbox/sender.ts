/** Gives the lanes their turns on the connection. */
import type { Line } from '../connection/line.ts';
import type { Limits, Pub } from '../protocol/frame.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import type { Marks } from './marks.ts';
import { roomFor } from './room.ts';
import type { Owner } from './shelf.ts';

export interface SenderContext {
  readonly lanes: Lanes<Owner>;
  readonly marks: Marks;
  line(): Line | null;
  /** Bytes that wait for the network. */
  buffered(): number;
  limits(): Limits;
  /** What this page begins to publish there has to wait. */
  holdsUp(channel: string): boolean;
  send(frame: Pub): void;
}

export class Sender {
  readonly #context: SenderContext;

  constructor(context: SenderContext) {
    this.#context = context;
  }

  /** Lanes take turns, and none blocks another. */
  flush(): void {
    const { lanes, marks, line: lineOf, limits, buffered, send } = this.#context;
    const line = lineOf();
    if (line === null) return;
    let sent = true;
    while (sent) {
      sent = false;
      for (const lane of lanes.active) {
        const room = roomFor(lanes.active, limits(), buffered());
        if (room.items <= 0 || room.bytes <= 0) return;
        if (this.#waits(lane)) continue;
        const taken = lane.take(room, line.mem);
        marks.ahead(lane, line.mem);
        if (taken === null) {
          if (lane.waiting === 0) lanes.active.delete(lane);
          continue;
        }
        send(taken.frame);
        for (const { owner } of taken.records) owner.ticket?.markAttempted();
        sent = true;
      }
    }
  }

  #waits(lane: Lane<Owner>): boolean {
    return !lane.begun && this.#context.lanes.isOwn(lane.producer) && this.#context.holdsUp(lane.channel);
  }
}
