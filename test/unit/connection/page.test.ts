import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Hint, browserPage } from '../../../src/platform/page.ts';

/** An EventTarget that knows who listens. */
class Target extends EventTarget {
  readonly listeners: string[] = [];

  override addEventListener(...[type, listener]: Parameters<EventTarget['addEventListener']>): void {
    this.listeners.push(type);
    super.addEventListener(type, listener);
  }
  override removeEventListener(...[type, listener]: Parameters<EventTarget['removeEventListener']>): void {
    const index = this.listeners.indexOf(type);
    if (index >= 0) this.listeners.splice(index, 1);
    super.removeEventListener(type, listener);
  }
  fire(type: string, more: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), more));
  }
}

class FakeDocument extends Target {
  visibilityState = 'visible';
}

class FakeConnection extends Target {
  type: string | undefined;
  effectiveType: string | undefined;
}

let window: Target;
let document: FakeDocument;
let connection: FakeConnection;
let hints: Hint[];

beforeEach(() => {
  [window, document, connection, hints] = [new Target(), new FakeDocument(), new FakeConnection(), []];
  // What the window can do is on the global itself.
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', { onLine: true, connection });
});
afterEach(() => vi.unstubAllGlobals());

const watch = (): (() => void) => browserPage().watch((hint) => hints.push(hint));
const listeners = (): readonly string[] => [window, document, connection].flatMap((target) => target.listeners);

describe('what the page is', () => {
  it.each([
    [true, true],
    [false, false],
    // Node 21 has a navigator that does not say.
    [undefined, true],
  ])('online, if navigator.onLine is %s: %s', (onLine, online) => {
    vi.stubGlobal('navigator', { onLine });
    expect(browserPage().online()).toBe(online);
  });

  it.each([
    ['visible', true],
    ['prerender', true],
    ['hidden', false],
  ])('%s is visible: %s', (state, visible) => {
    document.visibilityState = state;
    expect(browserPage().visible()).toBe(visible);
  });

  it('is read anew each time', () => {
    const page = browserPage();
    expect([page.online(), page.visible()]).toEqual([true, true]);
    document.visibilityState = 'hidden';
    vi.stubGlobal('navigator', { onLine: false });
    expect([page.online(), page.visible()]).toEqual([false, false]);
  });

  it.each(['navigator', 'document'])('online and visible without a %s', (name) => {
    vi.stubGlobal(name, undefined);
    expect([browserPage().online(), browserPage().visible()]).toEqual([true, true]);
  });
});

describe('each event is a hint', () => {
  it.each<[event: string, fire: () => void, hints: readonly Hint[]]>([
    ['online', () => window.fire('online'), ['online']],
    ['offline', () => window.fire('offline'), ['offline']],
    ['pagehide, for the back/forward cache', () => window.fire('pagehide', { persisted: true }), ['pagehide']],
    ['pagehide, for good', () => window.fire('pagehide', { persisted: false }), ['pagehide']],
    ['pageshow, from the back/forward cache', () => window.fire('pageshow', { persisted: true }), ['pageshow']],
    ['pageshow, of a page that is first shown', () => window.fire('pageshow', { persisted: false }), []],
    ['freeze', () => document.fire('freeze'), ['freeze']],
    ['resume', () => document.fire('resume'), ['resume']],
  ])('%s', (_, fire, expected) => {
    watch();
    fire();
    expect(hints).toEqual(expected);
  });

  it('visibilitychange, by what it became', () => {
    watch();
    for (const state of ['hidden', 'visible']) {
      document.visibilityState = state;
      document.fire('visibilitychange');
    }
    expect(hints).toEqual(['hidden', 'visible']);
  });

  it.each([
    ['type', 'wifi', 'cellular'],
    ['effectiveType', '4g', '3g'],
  ] as const)('change of the connection, if its %s is another one', (field, first, second) => {
    connection[field] = first;
    watch();
    const became: (readonly Hint[])[] = [];
    for (const kind of [first, second, second, first]) {
      connection[field] = kind;
      connection.fire('change', { downlink: 10 });
      became.push(hints.splice(0));
    }
    expect(became).toEqual([[], ['network'], [], ['network']]);
  });

  it('change of the connection is none if only the estimate of its speed is another one', () => {
    connection.type = 'wifi';
    watch();
    connection.effectiveType = '2g';
    connection.fire('change');
    expect(hints).toEqual([]);
  });

  it('never unload, nor beforeunload, which alone keep a page out of the back/forward cache', () => {
    watch();
    expect(listeners()).not.toEqual(expect.arrayContaining([expect.stringContaining('unload')]));
  });
});

describe('watching', () => {
  it('ends with every listener that it began', () => {
    const stop = watch();
    expect(listeners()).toHaveLength(8);
    stop();
    expect(listeners()).toEqual([]);
    for (const type of ['online', 'pagehide']) window.fire(type);
    document.fire('freeze');
    expect(hints).toEqual([]);
  });

  it('ends where it began, whatever the globals are by then', () => {
    const stop = watch();
    const before = [document, connection];
    vi.stubGlobal('document', new FakeDocument());
    vi.stubGlobal('navigator', {});
    stop();
    expect(before.flatMap((target) => target.listeners)).toEqual([]);
  });

  it('is of each watcher alone', () => {
    const other: Hint[] = [];
    const stop = watch();
    browserPage().watch((hint) => other.push(hint));
    stop();
    window.fire('online');
    expect([hints, other]).toEqual([[], ['online']]);
  });

  it('in a worker needs only what a worker has', () => {
    vi.stubGlobal('document', undefined);
    const stop = watch();
    window.fire('online');
    connection.type = 'cellular';
    connection.fire('change');
    expect(hints).toEqual(['online', 'network']);
    stop();
    expect(listeners()).toEqual([]);
  });

  it('in a browser without the Network Information API does without it', () => {
    vi.stubGlobal('navigator', { onLine: true });
    const stop = watch();
    document.fire('resume');
    expect(hints).toEqual(['resume']);
    stop();
    expect(listeners()).toEqual([]);
  });

  it('in Node needs nothing', () => {
    for (const name of ['addEventListener', 'removeEventListener', 'document', 'navigator']) vi.stubGlobal(name, undefined);
    expect(() => watch()()).not.toThrow();
  });
});
