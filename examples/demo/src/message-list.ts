import type { Receipt } from 'holdfast';
import { type BurstView, createBurstView } from './burst-view.ts';
import { clock, h } from './dom.ts';
import { hueOf } from './identity.ts';
import { markOf, markView } from './mark.ts';
import type { Place, Run } from './score.ts';
import type { Author, Said } from './wire.ts';

/** More rows than this make a page slow, and nobody scrolls that far in a demo. */
const MAX_ROWS = 400;
const SAME_BREATH = 180_000;

interface Row {
  readonly element: HTMLLIElement;
  readonly from: string;
  at: number;
  /** `waiting`: only in this tab, so below all that is logged. `none`: it failed and stays where it is. */
  place: Place | 'waiting' | 'none';
}

export interface Logged {
  readonly id: string;
  readonly at: number;
  readonly own: boolean;
  readonly place: Place;
}

/** The rows of one room: in log order, and what this tab has not yet got back from the log at the end. */
export interface MessageList {
  readonly element: HTMLOListElement;
  /** An own message, drawn before the server knows of it. */
  pending(said: Said, receipt: Receipt): void;
  logged(said: Said, message: Logged): void;
  pendingBurst(run: Pick<Run, 'id' | 'total'>, author: Author): BurstView;
  loggedBurst(run: Run, message: Logged): BurstView;
  divider(text: string): void;
}

export function createMessageList(): MessageList {
  const element = h('ol', { class: 'messages', attributes: { role: 'log', 'aria-label': 'Messages' } });
  const rows = new Map<string, Row>();
  const bursts = new Map<string, BurstView>();
  const byElement = new WeakMap<Element, Row>();

  /** A row of the same author shortly after another needs no second name line. */
  function group(item: Element | null): void {
    const row = item === null ? undefined : byElement.get(item);
    if (row === undefined) return;
    const before = row.element.previousElementSibling;
    const above = before === null ? undefined : byElement.get(before);
    row.element.classList.toggle('follow', above !== undefined && above.from === row.from && row.at - above.at < SAME_BREATH);
  }

  function add(id: string, row: Row): void {
    rows.set(id, row);
    byElement.set(row.element, row);
    element.append(row.element);
    group(row.element);
    for (const [oldest, { element: old }] of rows) {
      if (rows.size <= MAX_ROWS) break;
      rows.delete(oldest);
      old.remove();
    }
  }

  /** Moves a row to where the log has it: under the last row of the log that stands before it. */
  function settle(row: Row, place: Place, at: number): void {
    const next = row.element.nextElementSibling;
    row.place = place;
    row.at = at;
    let above = element.lastElementChild;
    while (above !== null) {
      const other = byElement.get(above)?.place ?? 'none';
      if (other === 'none') break;
      if (above !== row.element && other !== 'waiting' && (other.epoch !== place.epoch || other.offset < place.offset)) break;
      above = above.previousElementSibling;
    }
    // Moving a node drops focus and selection in it, so only where it must.
    if (above !== row.element.previousElementSibling) {
      if (above === null) element.prepend(row.element);
      else above.after(row.element);
      group(next);
    }
    group(row.element);
    group(row.element.nextElementSibling);
  }

  function saidRow(said: Said, at: number, own: boolean): { readonly row: Row; readonly foot: HTMLElement } {
    const foot = h('p', { class: 'foot' });
    const item = h(
      'li',
      { class: `row said ${own ? 'own' : 'other'} ${hueOf(said.from)}` },
      h('p', { class: 'who' }, h('b', {}, said.name), h('time', {}, clock(at))),
      h('p', { class: 'bubble' }, said.text),
      foot,
    );
    return { row: { element: item, from: said.from, at, place: 'waiting' }, foot };
  }

  function burst(run: Pick<Run, 'id' | 'total'>, author: Author, at: number, own: boolean): BurstView {
    const view = createBurstView(run.total);
    const item = h(
      'li',
      { class: `row burst ${own ? 'own' : 'other'} ${hueOf(author.from)}` },
      h('p', { class: 'who' }, h('b', {}, author.name), h('time', {}, clock(at))),
      view.element,
    );
    bursts.set(run.id, view);
    add(run.id, { element: item, from: author.from, at, place: 'waiting' });
    return view;
  }

  return {
    element,
    pending(said, receipt) {
      const { row, foot } = saidRow(said, Date.now(), true);
      const draw = (): void => {
        const mark = markOf(receipt.state.get());
        row.element.dataset['mark'] = mark.state;
        if (mark.state === 'failed' && row.place === 'waiting') row.place = 'none';
        const children = [mark.reason, mark.offset === null ? null : h('span', { class: 'offset num' }, `#${mark.offset}`)];
        foot.replaceChildren(...children.filter((child) => child !== null), markView(mark));
      };
      receipt.state.subscribe(draw);
      add(receipt.id, row);
      draw();
    },
    logged(said, { id, at, own, place }) {
      const known = rows.get(id);
      if (known !== undefined) {
        // In a new log the same message stands again, under its old id: it keeps its row.
        if (known.place === 'waiting') settle(known, place, at);
        return;
      }
      const { row, foot } = saidRow(said, at, own);
      foot.append(h('span', { class: 'offset num' }, `#${place.offset}`));
      add(id, row);
      settle(row, place, at);
    },
    pendingBurst: (run, author) => burst(run, author, Date.now(), true),
    loggedBurst(run, { at, own, place }) {
      const view = bursts.get(run.id) ?? burst(run, run, at, own);
      const row = rows.get(run.id);
      if (row?.place === 'waiting') settle(row, place, at);
      return view;
    },
    divider(text) {
      element.append(h('li', { class: 'divider' }, h('span', {}, text)));
    },
  };
}
