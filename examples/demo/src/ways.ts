import type { Transport } from 'holdfast';

type Sink = Parameters<Transport['open']>[1];

/** A transport as the panel shows it. */
export interface Way {
  readonly name: string;
  readonly label: string;
  readonly allowed: boolean;
  /** Needs another one to begin with. */
  readonly upgradeOnly: boolean;
}

/** Which transports this tab may use. Changed while messages flow: what is forbidden ends at once and is offered no more. */
export interface Ways {
  /** Of the client's own kind, each with a gate before it. */
  readonly transports: readonly [Transport, ...Transport[]];
  list(): readonly Way[];
  /** @returns false if it is the last one that a connection could begin with */
  allow(name: string, on: boolean): boolean;
  only(name: string): void;
  all(): void;
  subscribe(listener: () => void): void;
}

const labels: Readonly<Record<string, string>> = {
  webrtc: 'WebRTC',
  websocket: 'WebSocket',
  sse: 'SSE',
  'long-polling': 'Long polling',
};

export function labelOf(name: string): string {
  return labels[name] ?? name;
}

/** @param onBetter tells the client that it is worth looking for a better transport now */
export function createWays(given: readonly [Transport, ...Transport[]], onBetter: () => void): Ways {
  const allowed = new Set(given.map(({ name }) => name));
  const open = new Map<string, Set<() => void>>(given.map(({ name }) => [name, new Set()]));
  const listeners = new Set<() => void>();
  const begins = ({ name, upgradeOnly }: Transport): boolean => upgradeOnly !== true && allowed.has(name);

  function gate(transport: Transport): Transport {
    const { name } = transport;
    return {
      ...transport,
      isSupported: (environment) => allowed.has(name) && transport.isSupported(environment),
      open(target, sink) {
        let opened = false;
        const cuts = open.get(name);
        const guarded: Sink = {
          onFrames(frames) {
            opened = true;
            sink.onFrames(frames);
          },
          onEnd(end) {
            cuts?.delete(cut);
            sink.onEnd(end);
          },
        };
        const link = transport.open(target, guarded);
        const close = link.close.bind(link);
        const cut = (): void => {
          cuts?.delete(cut);
          close();
          sink.onEnd({ code: 1006, why: 'forbidden in this demo', by: 'network', opened });
        };
        cuts?.add(cut);
        link.close = (code) => {
          cuts?.delete(cut);
          close(code);
        };
        return link;
      },
    };
  }

  function become(next: ReadonlySet<string>): void {
    const before = new Set(allowed);
    for (const { name } of given) {
      if (next.has(name)) allowed.add(name);
      else allowed.delete(name);
    }
    for (const [name, cuts] of open) if (!allowed.has(name)) for (const cut of [...cuts]) cut();
    for (const listener of listeners) listener();
    if ([...allowed].some((name) => !before.has(name))) onBetter();
  }

  return {
    transports: given.map(gate) as [Transport, ...Transport[]],
    list: () =>
      given.map(({ name, upgradeOnly }) => ({
        ...{ name, label: labelOf(name) },
        ...{ allowed: allowed.has(name), upgradeOnly: upgradeOnly === true },
      })),
    allow(name, on) {
      const next = new Set(allowed);
      if (on) next.add(name);
      else next.delete(name);
      // A client that has no way at all left ends for good.
      if (!given.some((transport) => transport.upgradeOnly !== true && next.has(transport.name))) return false;
      become(next);
      return true;
    },
    only(name) {
      const chosen = given.find((transport) => transport.name === name);
      const base =
        chosen?.upgradeOnly === true ? (given.find(begins) ?? given.find(({ upgradeOnly }) => upgradeOnly !== true)) : chosen;
      become(new Set([name, base?.name ?? name]));
    },
    all() {
      become(new Set(given.map(({ name }) => name)));
    },
    subscribe(listener) {
      listeners.add(listener);
    },
  };
}
