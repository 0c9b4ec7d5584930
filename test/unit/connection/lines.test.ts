import { beforeEach, describe, expect, it } from 'vitest';
import { OpenLine } from '../../../src/connection/line.ts';
import { Lines } from '../../../src/connection/lines.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { json } from '../../../src/protocol/json.ts';
import { type ScriptedTransport, createScriptedTransport } from '../../support/scripted-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const clock = createVirtualClock();
let lines: Lines;
let transport: ScriptedTransport;
let gen: number;
beforeEach(() => {
  lines = new Lines(
    createEnvironment({ now: clock.now, setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout }),
    (line) => lines.remove(line),
  );
  transport = createScriptedTransport();
  gen = 0;
});

function add(rung: number): OpenLine {
  const nothing = (): void => {};
  const { now, setTimeout, clearTimeout } = clock;
  const line = new OpenLine({
    ...{ rung, transport, url: 'https://test.example', codec: json(), user: 'anonymous', credentials: undefined },
    environment: createEnvironment({ now, setTimeout, clearTimeout }),
    nextGen: () => (gen += 1),
    hello: (own) => ({ t: 'hello', v: [1, 1], client: 'c', gen: own }),
    opening: () => [],
    ...{ onWelcome: nothing, onFrame: nothing, onTokenLife: nothing, onRoundTrip: nothing, onDoubt: nothing, onLife: nothing },
    ...{ onEnd: nothing, onUnfit: nothing, saves: () => false },
  });
  lines.add(line);
  return line;
}

it('begin with nothing: what is sent is dropped', () => {
  lines.send({ t: 'ping', x: 1 });
  expect([lines.carrier, lines.line, lines.heardAt, lines.buffered, lines.racing.size]).toEqual([null, null, -Infinity, 0, 0]);
});

it('are by their rung until one is welcomed, which then carries', () => {
  const [first, second] = [add(0), add(1)];
  expect([...lines.racing]).toEqual([
    [0, first],
    [1, second],
  ]);
  expect(lines.promote(second)).toBeNull();
  expect([lines.carrier, [...lines.racing.keys()]]).toEqual([second, [0]]);
  expect(lines.promote(first)).toBe(second);
  expect([lines.carrier, lines.racing.size]).toEqual([first, 0]);
});

it('tell whether the one that is removed carried, and mistake none for another of its rung', () => {
  const old = add(0);
  lines.promote(old);
  const fresh = add(0);
  expect(lines.remove(fresh)).toBe(false);
  expect([lines.carrier, lines.racing.size]).toEqual([old, 0]);
  const again = add(0);
  expect(lines.remove(old)).toBe(true);
  expect([lines.carrier, lines.racing.get(0)]).toEqual([null, again]);
  expect(lines.remove(old)).toBe(false);
});

describe('the number of a connection', () => {
  it('is drawn with its hello: of two the later one to speak is the newer', () => {
    const [first, second] = [add(0), add(1)];
    expect([first.gen, second.gen, first.link.opened]).toEqual([0, 0, false]);
    transport.openings[1]!.open();
    transport.openings[0]!.open();
    expect([first.gen, second.gen, first.link.opened]).toEqual([2, 1, true]);
    first.close(1000);
    second.close(1000);
  });
});
