/** One page over the log model: at most two connections, an app that reloads when told, and a check of every delivery. */
import { expect } from 'vitest';
import { fromWire, toWire } from '../../../src/channel/cursor.ts';
import { type Effect, type Input, type Subscription, createSubscription, step } from '../../../src/channel/step.ts';
import type { Cursor } from '../../../src/types.ts';
import type { Database, LoadStep } from './database.ts';
import { type LogModel, type Pipe, type Sent, createLogModel } from './log-model.ts';

export type Act =
  /** `hidden`: filtered out for this reader. */
  | { readonly do: 'append'; readonly hidden: boolean }
  | { readonly do: 'trim' | 'branch'; readonly count: number }
  | { readonly do: 'epoch' | 'open' | 'retry' }
  /** `pipe`: the older or the newer connection. */
  | { readonly do: 'close' | 'serve' | 'hear' | 'lose' | 'repeat'; readonly pipe: number }
  | { readonly do: 'reload'; readonly from: 'told' | 'top' | 'old' }
  | { readonly do: 'load'; readonly step: LoadStep }
  /** Somebody comes who needs the state: it is loaded anew for all. */
  | { readonly do: 'join' };

type Unnumbered<T> = T extends Input ? Omit<T, 'k'> : never;

export class PageModel {
  readonly log: LogModel;
  readonly #mode: 'log' | 'latest';
  #sub: Subscription;
  #pipes: Pipe[] = [];
  #gen = 0;
  #k = 0;
  /** The app was told of a reset and is loading. */
  #reloading = false;
  /** Falling behind: waits before it asks again. */
  #resting = false;
  /** What the next delivery must follow; null before there is any place. */
  #place: Cursor | null = null;
  /** Every tag that was delivered since the last reset. */
  #seen = new Set<string>();
  last: string | null = null;
  resets = 0;

  readonly #database: Database | null;

  /** @param database makes it a page whose channel has a snapshot */
  constructor(mode: 'log' | 'latest', database: Database | null = null) {
    this.#mode = mode;
    this.#database = database;
    this.log = createLogModel(mode);
    this.#sub = createSubscription(mode, database === null ? 'handlers' : 'snapshot');
  }

  /** Where the state stands; null before there is any, and while it is loaded. */
  get place(): Cursor | null {
    return this.#reloading ? null : this.#place;
  }

  get sub(): Subscription {
    return this.#sub;
  }

  act(act: Act): void {
    switch (act.do) {
      case 'append':
        return this.log.append(act.hidden);
      case 'trim':
        return this.#mode === 'log' ? this.log.trim(act.count) : undefined;
      case 'branch':
        return this.log.branch(act.count);
      case 'epoch':
        return this.log.newEpoch();
      case 'open':
        return this.#open();
      case 'retry':
        return this.#retry();
      case 'reload':
        return this.#database === null ? this.#reload(act.from) : undefined;
      case 'load':
        return this.#load(act.step);
      case 'join':
        return this.#step({ type: 'load' });
      default:
        return this.#pipe(act.do, this.#pipes[act.pipe]);
    }
  }

  /** No more faults, and a server that answers: runs until nothing moves. Fails if that never comes. */
  settle(): void {
    this.#retry();
    if (this.#pipes.length === 0) this.#open();
    for (let rounds = 0; this.#round(); rounds += 1) expect(rounds, 'rounds until nothing moves').toBeLessThan(500);
    expect(this.#sub.feeding, 'a connection feeds').not.toBeNull();
  }

  #round(): boolean {
    let moved = false;
    for (const pipe of this.#pipes) {
      moved = this.log.serve(pipe) || moved;
      moved = this.#hear(pipe) || moved;
    }
    if (this.#reloading && this.#database !== null) for (const step of ['cursor', 'data', 'done'] as const) this.#load(step);
    else if (this.#reloading) this.#reload('told');
    else if (this.#resting) this.#retry();
    else return moved;
    return true;
  }

  #pipe(what: 'close' | 'serve' | 'hear' | 'lose' | 'repeat', pipe: Pipe | undefined): void {
    if (pipe === undefined) return;
    const [first] = pipe.down;
    if (what === 'serve') this.log.serve(pipe);
    if (what === 'hear') this.#hear(pipe);
    if (what === 'repeat' && first !== undefined) pipe.down.unshift(first);
    // An answer or a gap that is lost without its connection is beyond any client.
    if (what === 'lose' && first?.t === 'msg') pipe.down.shift();
    if (what === 'close') {
      this.#pipes = this.#pipes.filter((other) => other !== pipe);
      this.#step({ type: 'lost', gen: pipe.gen });
    }
  }

  #open(): void {
    if (this.#pipes.length === 2) return;
    this.#gen += 1;
    this.#resting = false;
    this.#pipes.push({ gen: this.#gen, up: [], down: [], at: null });
    this.#step({ type: 'ask', gen: this.#gen });
  }

  #retry(): void {
    const newest = this.#pipes.at(-1);
    if (!this.#resting || newest === undefined) return;
    this.#resting = false;
    this.#step({ type: 'ask', gen: newest.gen });
  }

  #reload(from: 'told' | 'top' | 'old'): void {
    if (!this.#reloading) return;
    this.#reloading = false;
    const cursor = from === 'told' ? null : from === 'top' ? fromWire(this.log.top) : this.#place;
    const told = this.resets;
    // Another reset may have come meanwhile: then the step tells it, and what this call returned does not count.
    const again = this.#sub.hold?.again === true;
    if (cursor !== null && !again) this.#move(cursor);
    this.#step({ type: 'reloaded', cursor });
    expect(this.resets - told, 'told again, once').toBe(again ? 1 : 0);
  }

  #load(step: LoadStep): void {
    if (!this.#reloading || this.#database === null) return;
    const answer = this.#database.load(step, this.log);
    if (answer === null) return;
    this.#reloading = false;
    if (answer.cursor !== null) this.#move(answer.cursor);
    this.#step({ type: 'reloaded', cursor: answer.cursor });
  }

  #move(place: Cursor): void {
    this.#place = place;
    this.#seen.clear();
  }

  #hear(pipe: Pipe): boolean {
    const frame = pipe.down.shift();
    if (frame !== undefined) this.#step(inputOf(pipe.gen, frame));
    return frame !== undefined;
  }

  #step(input: Unnumbered<Input>): void {
    this.#k += 1;
    const { next, effects } = step(this.#sub, { ...input, k: this.#k } as Input);
    this.#sub = next;
    expect(effects.filter(({ type }) => type === 'sub').length, 'subs of one step').toBeLessThan(2);
    for (const effect of effects) this.#perform(effect);
    this.#place ??= next.cursor;
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'sub': {
        const pipe = this.#pipes.find(({ gen }) => gen === effect.gen);
        expect(pipe, 'asks on an open connection').toBeDefined();
        pipe!.up.push({ k: effect.k, cur: effect.cursor === null ? null : toWire(effect.cursor) });
        return;
      }
      case 'reset':
        if (this.#database === null) expect(this.#reloading, 'one reload at a time').toBe(false);
        this.#database?.call();
        this.#reloading = true;
        if (effect.why !== 'first') this.resets += 1;
        return this.#move(effect.cursor);
      case 'falling-behind':
        this.#resting = true;
        this.#pipes.at(-1)?.up.push(null);
        return;
      case 'deliver':
        for (const { entry, cursor } of effect.entries) this.#deliver(entry.g, cursor);
    }
  }

  #deliver(tag: string, cursor: Cursor): void {
    expect(this.#reloading, 'nothing is delivered while the app reloads (I8)').toBe(false);
    expect(cursor.tag, 'the place told is that of the entry').toBe(tag);
    if (this.#mode === 'log') {
      expect(this.#seen.has(tag), `${tag} is delivered once (I5)`).toBe(false);
      this.#seen.add(tag);
    }
    if (this.#mode === 'log' && this.#place !== null) {
      expect(this.log.follows(tag, this.#place.tag), `${tag} follows ${this.#place.tag} in one branch (I5, I6)`).toBe(true);
    }
    this.#place = cursor;
    this.#database?.state.add(tag);
    this.last = tag;
  }
}

function inputOf(gen: number, frame: Sent): Unnumbered<Input> {
  switch (frame.t) {
    case 'subbed':
      return { type: 'subbed', gen, frame };
    case 'msg':
      return { type: 'entries', gen, entries: frame.items };
    case 'skip':
      return { type: 'skip', gen, offset: frame.o, tag: frame.g };
    case 'gap':
      return { type: 'gap', gen, cursor: frame.cur, why: frame.why };
  }
}
