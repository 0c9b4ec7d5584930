import { byId, h, setText } from './dom.ts';
import type { Trace } from './library.ts';

const MAX_LINES = 250;

function brief(value: unknown): string {
  if (typeof value === 'string') return value;
  // Errors have no enumerable fields, and JSON would show them as {}.
  if (value instanceof Error) return value.message;
  return JSON.stringify(value) ?? String(value);
}

function stamp(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

/** Trace events, newest first, drawn once a frame however many there are. */
export function createLogPanel(): { add(trace: Trace): void } {
  const list = byId('log', HTMLOListElement);
  const count = byId('log-count', HTMLElement);
  let waiting: Trace[] = [];
  let total = 0;

  function draw(): void {
    const lines = waiting.slice(-MAX_LINES).reverse();
    waiting = [];
    list.prepend(
      ...lines.map(({ at, name, detail }) =>
        h(
          'li',
          {},
          h('time', { class: 'num' }, stamp(at)),
          h('b', {}, name),
          h(
            'span',
            {},
            Object.entries(detail)
              .map(([key, value]) => `${key} ${brief(value)}`.slice(0, 200))
              .join(', '),
          ),
        ),
      ),
    );
    while (list.childElementCount > MAX_LINES) list.lastElementChild?.remove();
    setText(count, String(total));
  }

  return {
    add(trace) {
      total += 1;
      waiting.push(trace);
      // Not requestAnimationFrame: a hidden tab gets none, and would gather events without end.
      if (waiting.length === 1) window.setTimeout(draw, 50);
    },
  };
}
