/** Presence in all channels of one client. */
import type { Line } from '../connection/line.ts';
import { HoldfastError } from '../errors.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import type { ServerPres } from '../protocol/presence-frame.ts';
import { type ChannelContext, ChannelPresence, type PresenceContext, type PresenceHost } from './presence.ts';

export class Presences {
  readonly #context: ChannelContext;
  readonly #channels = new Map<string, ChannelPresence>();
  #k = 0;
  #warned = false;

  constructor(context: PresenceContext) {
    this.#context = { ...context, nextK: () => (this.#k += 1), wanted: () => this.#check() };
  }

  create(name: string, host: PresenceHost): ChannelPresence {
    const presence = new ChannelPresence(name, this.#context, host);
    this.#channels.set(name, presence);
    return presence;
  }

  /** For a `sub`. */
  version(name: string): string | undefined {
    return this.#channels.get(name)?.version;
  }

  opening(gen: number): readonly ClientFrame[] {
    return [...this.#channels.values()].flatMap((presence) => presence.opening(gen));
  }

  welcomed({ gen }: Line): void {
    this.#check();
    for (const presence of this.#channels.values()) presence.welcomed(gen);
  }

  recheck(): void {
    for (const presence of this.#channels.values()) presence.recheck();
  }

  received(line: Line, frame: ServerPres): void {
    this.#channels.get(frame.c)?.received(line, frame);
  }

  leaving(): void {
    for (const presence of this.#channels.values()) presence.leaving();
  }

  end(): void {
    for (const presence of this.#channels.values()) presence.end();
  }

  /** Old servers leave out what they do not know. */
  #check(): void {
    const line = this.#context.line();
    if (this.#warned || line === null || line.caps.includes('pres')) return;
    this.#warned = [...this.#channels.values()].some(({ wanted }) => wanted);
    if (this.#warned) this.#context.report(new HoldfastError('unsupported', 'This server knows no presence.'));
  }
}
