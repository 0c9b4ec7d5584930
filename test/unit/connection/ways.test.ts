import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Ways, createWays } from '../../../src/connection/ways.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { createScriptedTransport } from '../../support/scripted-transport.ts';

const NOW = 1_700_000_000_000;
const KEY = 'holdfast:ways:https://test.example';
let page: FakePage;
let stored: Map<string, string>;
let reads: number;
afterEach(() => void vi.unstubAllGlobals());
beforeEach(() => {
  page = createFakePage();
  stored = new Map();
  reads = 0;
});

function make({
  raceAfter,
  storage = true,
  names = ['a', 'b', 'c'],
}: { raceAfter?: number; storage?: boolean; names?: string[] } = {}): Ways {
  const text = {
    get: (key: string) => {
      reads += 1;
      return stored.get(key) ?? null;
    },
    set: (key: string, value: string) => void stored.set(key, value),
  };
  const environment = createEnvironment({ now: () => NOW, page, storage: storage ? text : undefined });
  const transports = names.map((name) => createScriptedTransport({ name, supported: name !== 'none' }));
  return createWays({ environment, transports, url: 'https://test.example', raceAfter });
}
const welcome = (rung: number) => ({ type: 'welcome', rung, running: [rung], beside: false }) as const;

describe('what is stored', () => {
  it('is read once, and not before it is needed', () => {
    const ways = make();
    expect([reads, ways.choices]).toEqual([0, []]);
    ways.facts(null);
    ways.facts(null);
    ways.note(welcome(0));
    expect(reads).toBe(1);
  });

  it('is for the next client of this address', () => {
    make().note(welcome(1));
    expect(JSON.parse(stored.get(KEY)!)).toEqual({ wifi: { b: { goodAt: NOW } } });
    expect(make().facts(null).plan).toEqual([1, 0, 2]);
    expect([...stored.keys()]).toEqual([KEY]);
  });

  it('is by the name of a transport, not by its place', () => {
    make().note(welcome(1));
    expect(make({ names: ['c', 'b', 'a'] }).facts(null).plan).toEqual([1, 0, 2]);
    expect(make({ names: ['c', 'd'] }).facts(null).plan).toEqual([0, 1]);
  });

  it('is not written when nothing was learnt', () => {
    const ways = make();
    ways.note({ type: 'attempt' });
    ways.note({ type: 'failed', rung: 0, why: 'abnormal', beside: false });
    ways.note({ type: 'network', name: 'cellular' });
    expect(stored.size).toBe(0);
  });

  it.each([
    ['nothing', ''],
    ['half a text', '{"wifi":{"b":{"goodAt":1'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['a number', '7'],
    ['a network that is none', '{"wifi":7}'],
    ['a network that is null', '{"wifi":null}'],
    ['knowledge that is none', '{"wifi":{"b":"good"}}'],
    ['knowledge that is a list', '{"wifi":{"b":[1]}}'],
    ['times that are none', '{"wifi":{"b":{"goodAt":"now","blockedAt":{},"strikes":"many","roundTrip":"x"}}}'],
    ['names of a prototype', '{"__proto__":{"b":{"goodAt":1}},"constructor":{}}'],
  ])('and is %s changes nothing', (_, text) => {
    stored.set(KEY, text);
    const ways = make();
    expect(ways.facts(1)).toEqual({ plan: [0, 1, 2], climb: [0], raceAfter: [1500, 1500, 1500] });
    ways.note(welcome(2));
    expect(make().facts(null).plan).toEqual([2, 0, 1]);
  });

  it('and nowhere else: where there is no storage it lasts as long as the client', () => {
    const ways = make({ storage: false });
    ways.note(welcome(2));
    expect(ways.facts(null).plan).toEqual([2, 0, 1]);
    expect(make({ storage: false }).facts(null).plan).toEqual([0, 1, 2]);
  });

  it.each(['getItem', 'setItem'])('by a browser whose localStorage throws at %s is forgotten without a word', (name) => {
    const denied = vi.fn(() => {
      throw new Error('denied');
    });
    vi.stubGlobal('document', {});
    vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {}, [name]: denied });
    const { storage } = createEnvironment({});
    expect(storage!.get('key')).toBeNull();
    expect(storage!.set('key', 'text')).toBeUndefined();
    expect(denied).toHaveBeenCalledOnce();
  });

  it('is not looked for outside a page, where Node from 25 on would warn of a localStorage that it has no file for', () => {
    const getItem = vi.fn();
    vi.stubGlobal('localStorage', { getItem, setItem: getItem });
    const { storage } = createEnvironment({});
    expect(storage!.get('key')).toBeNull();
    storage!.set('key', 'text');
    expect(getItem).not.toHaveBeenCalled();
  });
});

describe('what the machine may know', () => {
  it('is of the transports that the platform supports', () => {
    expect(make({ names: ['none', 'b', 'none', 'd'] }).facts(3)).toMatchObject({ plan: [1, 3], climb: [1] });
    expect(make({ names: ['none'] }).facts(null)).toMatchObject({ plan: [], climb: [] });
  });

  it.each([
    [undefined, [1500, 1500, 1500]],
    [300, [300, 300, 300]],
  ])('has the patience of the option %s', (raceAfter, expected) => {
    expect(make(raceAfter === undefined ? {} : { raceAfter }).facts(null).raceAfter).toEqual(expected);
  });

  it('is of the network of the moment', () => {
    page.set({ network: 'cellular' });
    const ways = make();
    ways.note(welcome(1));
    expect(ways.choices).toMatchObject([{ network: 'cellular', transport: 'b' }]);
    ways.note({ type: 'network', name: 'wifi' });
    expect(ways.facts(null).plan).toEqual([0, 1, 2]);
  });
});
