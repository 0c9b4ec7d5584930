import { beforeEach, describe, expect, it } from 'vitest';
import type { HoldfastError } from '../../../src/errors.ts';
import { type Audience, Listeners } from '../../../src/channel/listeners.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { Abortable, Cursor, Message, Reset, Stop } from '../../../src/types.ts';

const message = (event: string, data: unknown = null): Message => ({
  channel: 'room',
  event,
  data,
  id: 'i',
  sentAt: null,
  by: null,
  own: false,
  cursor: null,
});
const RESET: Reset = { channel: 'room', why: 'epoch', cursor: { epoch: 'E', offset: 5, tag: 't' } };
const place = (offset: number): Cursor => ({ epoch: 'E', offset, tag: `t${offset}` });

let listeners: Listeners;
let errors: HoldfastError[];
let heard: string[];
/** Who holds the channel. */
let holders: number;
beforeEach(() => {
  errors = [];
  heard = [];
  holders = 0;
  listeners = new Listeners('room', createEnvironment({}), (error) => errors.push(error as HoldfastError));
});

const hold = (): (() => void) => {
  holders += 1;
  return () => (holders -= 1);
};
const add = (name: string, audience: Audience, event = '', run = () => {}, options: Abortable = {}): Stop =>
  listeners.add(
    audience,
    event,
    () => {
      heard.push(name);
      return run();
    },
    options,
    hold,
  );
const deliver = (event = 'e'): readonly string[] => {
  heard = [];
  void listeners.deliver(message(event));
  return heard;
};

describe('delivery', () => {
  it('event handlers first, then those of all events, then iterators; each in order of registration', () => {
    add('iterator', 'iterator');
    add('all 1', 'all');
    add('event 1', 'event', 'e');
    add('all 2', 'all');
    add('event 2', 'event', 'e');
    expect(deliver()).toEqual(['event 1', 'event 2', 'all 1', 'all 2', 'iterator']);
  });

  it.each(['e', 'all', 'iterator', 'event:e', '__proto__', 'constructor', 'ü'])('event %s reaches its handlers only', (event) => {
    add('it', 'event', event);
    add('another', 'event', `${event}?`);
    expect(deliver(event)).toEqual(['it']);
  });

  it('the same function may listen twice, and each registration ends by itself', () => {
    const run = (): void => void heard.push('run');
    const [one] = [listeners.add('event', 'e', run, {}, hold), listeners.add('event', 'e', run, {}, hold)];
    expect(deliver()).toEqual(['run', 'run']);
    one();
    expect(deliver()).toEqual(['run']);
  });

  it('hands over the data and the message', () => {
    const given: unknown[] = [];
    listeners.add('event', 'e', (data, { event }) => given.push([data, event]), {}, hold);
    void listeners.deliver(message('e', { text: 'hi' }));
    expect(given).toEqual([[{ text: 'hi' }, 'e']]);
  });
});

describe('a handler, inside its own call,', () => {
  it('may stop itself', () => {
    const stop = add('one', 'event', 'e', () => stop());
    add('two', 'event', 'e');
    expect(deliver()).toEqual(['one', 'two']);
    expect(deliver()).toEqual(['two']);
  });

  it('may stop others, which then do not hear this message', () => {
    const stops: Stop[] = [];
    add('one', 'event', 'e', () => stops.forEach((stop) => stop()));
    stops.push(add('two', 'event', 'e'), add('all', 'all'), add('iterator', 'iterator'));
    expect(deliver()).toEqual(['one']);
  });

  it('may add others, which hear the next message', () => {
    let added = false;
    add('one', 'event', 'e', () => {
      if (!added) add('two', 'event', 'e');
      added = true;
    });
    expect(deliver()).toEqual(['one']);
    expect(deliver()).toEqual(['one', 'two']);
  });

  it('may deliver another message', () => {
    let nested = false;
    add('one', 'event', 'e', () => {
      if (!nested) {
        nested = true;
        void listeners.deliver(message('other'));
      }
    });
    add('other', 'event', 'other');
    add('two', 'event', 'e');
    expect(deliver()).toEqual(['one', 'other', 'two']);
  });

  it('may throw: it is reported with its cause, and starves no other', () => {
    add('one', 'event', 'e', () => {
      throw new Error('mine');
    });
    add('two', 'event', 'e');
    add('all', 'all');
    expect(deliver()).toEqual(['one', 'two', 'all']);
    expect(errors).toMatchObject([{ code: 'handler-threw', cause: new Error('mine') }]);
  });

  it('may be async and reject: that is reported too', async () => {
    add('one', 'all', '', () => Promise.reject(new Error('later')) as unknown as void);
    deliver();
    expect(errors).toEqual([]);
    await Promise.resolve();
    expect(errors).toMatchObject([{ code: 'handler-threw', cause: new Error('later') }]);
  });
});

describe('who listens holds the channel', () => {
  it('until it stops, and lets go once', () => {
    const stop = add('one', 'event', 'e');
    add('two', 'all');
    expect(holders).toBe(2);
    stop();
    stop();
    expect(holders).toBe(1);
  });

  it('or until its signal aborts', () => {
    const controller = new AbortController();
    const stop = add('one', 'event', 'e', undefined, { signal: controller.signal });
    controller.abort();
    stop();
    expect([holders, deliver()]).toEqual([0, []]);
  });

  it('with a signal that is aborted already it never does', () => {
    const stop = add('one', 'event', 'e', undefined, { signal: AbortSignal.abort() });
    stop();
    expect([holders, deliver()]).toEqual([0, []]);
  });

  it('a stop is disposable', () => {
    const stop = add('one', 'event', 'e');
    stop[Symbol.dispose]();
    expect(holders).toBe(0);
  });
});

describe('resets', () => {
  it('nobody hears them until somebody asks to', () => {
    expect(listeners.hearsResets).toBe(false);
    const stop = listeners.addReset(() => {}, {});
    expect(listeners.hearsResets).toBe(true);
    stop();
    expect(listeners.hearsResets).toBe(false);
    listeners.addReset(() => {}, { signal: AbortSignal.abort() });
    expect(listeners.hearsResets).toBe(false);
  });

  it('all handlers run at once, and the end is that of the slowest', async () => {
    let finish!: () => void;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const told: unknown[] = [];
    listeners.addReset((reset) => {
      told.push(reset);
      return slow;
    }, {});
    listeners.addReset((reset) => void told.push(reset), {});
    let done = false;
    const all = listeners.reset(RESET).then(() => (done = true));
    expect(told).toEqual([RESET, RESET]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    finish();
    await all;
  });

  it('gives nothing but the cursors if every handler named one', async () => {
    listeners.addReset(() => place(4), {});
    listeners.addReset(async () => place(2), {});
    expect(await listeners.reset(RESET)).toEqual([place(4), place(2)]);
  });

  it.each([
    ['state', { todos: [] }],
    ['an offset from SQL', { epoch: 'e', offset: '4', tag: 'g' }],
    ['a number', 4],
  ])('reports what is no cursor: %s', async (_, given) => {
    listeners.addReset((() => given) as never, {});
    expect(await listeners.reset(RESET)).toEqual([]);
    expect(errors.map(({ code }) => code)).toEqual(['invalid']);
  });

  it('gives every cursor that was returned, and where the others were told to go on', async () => {
    listeners.addReset(() => place(4), {});
    listeners.addReset(() => {}, {});
    listeners.addReset(() => {
      throw new Error('sync');
    }, {});
    listeners.addReset(() => Promise.reject(new Error('async')), {});
    listeners.addReset(async () => place(2), {});
    expect(await listeners.reset(RESET)).toEqual([place(4), place(2), RESET.cursor]);
    expect(errors.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
      ['handler-threw', 'sync'],
      ['handler-threw', 'async'],
    ]);
  });

  it('a handler that is stopped during a reset no longer hears the next', async () => {
    const stop = listeners.addReset(() => {
      heard.push('reset');
      stop();
    }, {});
    await listeners.reset(RESET);
    await listeners.reset(RESET);
    expect(heard).toEqual(['reset']);
  });
});
