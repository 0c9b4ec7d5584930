import { byId, setText } from './dom.ts';
import { type History, SHOWN, STEP, type Switch, type Tick } from './history.ts';

const NS = 'http://www.w3.org/2000/svg';
/** ms between two drawings; one that moves by itself must be slow for who asked for less motion. */
const EVERY = 150;
const EVERY_STILL = 1500;
const TICKS: readonly Tick[] = ['published', 'accepted', 'received'];
const AXIS = 18;
/** At the right, so that the newest mark is whole. */
const MARGIN = 8;

function draw<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/**
 * A picture of the last 90 seconds: a band for each transport where it carried, a line where one took over from another, and
 * below them ticks for messages that were published, accepted and received. It says the same in words.
 */
export function createHistoryView(history: History, names: readonly string[], labelOf: (name: string) => string): void {
  const svg = byId('history', SVGSVGElement);
  const now = byId('history-now', HTMLElement);
  const past = byId('history-past', HTMLOListElement);
  const rows = byId('ways', HTMLOListElement);
  const kinds = byId('kinds', HTMLElement);
  const still = window.matchMedia('(prefers-reduced-motion: reduce)');
  let width = 0;
  let listed = '';

  /** As high as the labels beside it. */
  const heights = (): { readonly band: number; readonly tick: number; readonly gap: number } => {
    const band = (rows.firstElementChild?.getBoundingClientRect().height ?? 30) || 30;
    // Where there is no room for them they are not displayed.
    const tick = kinds.firstElementChild?.getBoundingClientRect().height ?? 0;
    const gap = tick === 0 ? 0 : Math.max(0, kinds.getBoundingClientRect().top - rows.getBoundingClientRect().bottom);
    return { band, tick, gap };
  };

  function render(): void {
    const at = Date.now();
    const from = at - SHOWN;
    const { band, tick, gap } = heights();
    const x = (time: number): number => Math.max(0, ((time - from) / SHOWN) * (width - MARGIN));
    const below = names.length * band + gap;
    const height = below + TICKS.length * tick + AXIS;
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('height', String(height));

    const parts: SVGElement[] = [];
    for (let ago = 0; ago <= SHOWN; ago += 15_000) {
      const place = x(at - ago);
      const anchor = ago === 0 ? 'end' : ago === SHOWN ? 'start' : 'middle';
      if (ago > 0 && ago < SHOWN) parts.push(draw('path', { class: 'grid', d: `M${place} 0V${height - AXIS}` }));
      const label = draw('text', { class: 'axis', x: place, y: height - 4, 'text-anchor': anchor });
      label.textContent = ago === 0 ? 'now' : `−${ago / 1000} s`;
      // Every second one where there is no room for all.
      if (width > 560 || ago % 45_000 === 0) parts.push(label);
    }
    for (const [index] of names.entries()) {
      parts.push(draw('rect', { class: 'track', x: 0, y: index * band + band / 2 - 2, width, height: 4, rx: 2 }));
    }
    for (const { transport, from: began, to } of history.spans()) {
      const row = names.indexOf(transport);
      const left = x(began);
      const length = Math.max(3, x(to ?? at) - left);
      const thick = Math.min(16, band - 12);
      if (row >= 0 && (to ?? at) > from) {
        parts.push(
          draw('rect', {
            class: 'carried',
            'data-transport': transport,
            x: left,
            y: row * band + (band - thick) / 2,
            width: length,
            height: thick,
            rx: 4,
          }),
        );
      }
    }
    for (const change of history.switches()) {
      const row = names.indexOf(change.transport);
      if (row < 0 || change.at < from) continue;
      const place = x(change.at);
      const middle = row * band + band / 2;
      const mark = draw('g', { class: 'change' });
      const title = document.createElementNS(NS, 'title');
      title.textContent = sentence(change);
      mark.append(
        title,
        draw('path', { d: `M${place} 0V${height - AXIS}` }),
        draw('path', { class: 'knot', d: `M${place} ${middle - 6}l6 6-6 6-6-6z` }),
      );
      parts.push(mark);
    }
    for (const [index, kind] of (tick === 0 ? [] : TICKS).entries()) {
      const base = below + (index + 1) * tick - 3;
      let d = '';
      for (const [step, count] of history.ticks(kind, from)) {
        const place = x((step + 0.5) * STEP);
        // A burst of a hundred must not hide that a single one is one.
        const size = Math.min(tick - 5, 4 + Math.log2(count) * 1.6);
        if (step * STEP >= from) d += `M${place.toFixed(1)} ${base}v-${size.toFixed(1)}`;
      }
      parts.push(draw('path', { class: 'floor', d: `M0 ${base + 1}H${width}` }), draw('path', { class: `tick ${kind}`, d }));
    }
    svg.replaceChildren(...parts);
    tell(at);
  }

  function sentence({ transport, why }: Switch): string {
    return `${labelOf(transport)}: ${why}`;
  }

  function tell(at: number): void {
    const switches = history.switches();
    const last = switches.at(-1);
    const current = history.spans().at(-1);
    const carrying = current?.to === null ? labelOf(current.transport) : null;
    setText(
      now,
      carrying === null ? 'Nothing carries just now.' : `${carrying} carries${last === undefined ? '' : `: ${last.why}`}.`,
    );
    const words = switches.map((change) => `${new Date(change.at).toLocaleTimeString()} ${sentence(change)}`);
    if (words.join() !== listed) {
      listed = words.join();
      past.replaceChildren(...words.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
    }
    const shares = names.flatMap((name) => {
      const ms = history
        .spans()
        .filter(({ transport }) => transport === name)
        .reduce((sum, { from, to }) => sum + Math.max(0, (to ?? at) - Math.max(from, at - SHOWN)), 0);
      return ms < 500 ? [] : [`${labelOf(name)} ${seconds(ms)}`];
    });
    svg.setAttribute(
      'aria-label',
      `The last ${seconds(SHOWN)}: ${shares.join(', ') || 'nothing carried'}; ${switches.length} choices.`,
    );
  }

  new ResizeObserver(([entry]) => {
    width = Math.floor(entry?.contentRect.width ?? 0);
    render();
  }).observe(svg.parentElement ?? svg);
  // A timer that is set again, for the wish for less motion may change.
  const loop = (): void => {
    if (!document.hidden && width > 0) render();
    window.setTimeout(loop, still.matches ? EVERY_STILL : EVERY);
  };
  loop();
}
