import { byId, h, setText } from './dom.ts';
import type { Way, Ways } from './ways.ts';

interface Row {
  readonly name: string;
  readonly element: HTMLElement;
  readonly gate: HTMLButtonElement;
  readonly note: HTMLElement;
}

export interface WaysPanel {
  /** @param carrying name of the transport in use; null if there is none */
  render(carrying: string | null): void;
}

/** A switch for each transport, in the order of the client's preference. The picture beside it has a band for each. */
export function createWaysPanel(ways: Ways): WaysPanel {
  const list = byId('ways', HTMLOListElement);
  const all = byId('ways-all', HTMLButtonElement);
  let refused: string | null = null;

  const rows = ways.list().map(({ name, label }): Row => {
    const note = h('span', { class: 'way-note' });
    const gate = h(
      'button',
      { class: 'way-gate', attributes: { type: 'button', role: 'switch', 'aria-checked': 'true' } },
      h('span', { class: 'way-knob', attributes: { 'aria-hidden': 'true' } }),
      h('b', {}, label),
      note,
    );
    const only = h('button', { class: 'way-only', attributes: { type: 'button', 'aria-label': `Only ${label}` } }, 'Only');
    gate.addEventListener('click', () => {
      if (ways.allow(name, gate.getAttribute('aria-checked') !== 'true')) return;
      // It stays; say why for a moment.
      refused = name;
      render(null);
      window.setTimeout(() => {
        refused = null;
        render(carried);
      }, 2000);
    });
    only.addEventListener('click', () => ways.only(name));
    const element = h('li', { class: 'way' }, gate, only);
    return { name, element, gate, note };
  });
  list.append(...rows.map(({ element }) => element));
  all.addEventListener('click', () => ways.all());

  let carried: string | null = null;
  const noteOf = ({ name, allowed, upgradeOnly }: Way, isBetter: boolean): string => {
    if (refused === name) return 'the last one stays';
    if (name === carried) return 'carries';
    if (!allowed) return 'forbidden';
    // About a second after a change, but not before the present one has lasted ten.
    if (isBetter) return 'tried soon';
    return upgradeOnly ? 'only takes over' : '';
  };
  function render(carrying: string | null): void {
    carried = carrying;
    const list = ways.list();
    const place = list.findIndex(({ name }) => name === carrying);
    for (const [index, way] of list.entries()) {
      const { element, gate, note } = rows[index]!;
      gate.setAttribute('aria-checked', String(way.allowed));
      element.dataset['carries'] = way.name === carrying ? 'yes' : 'no';
      setText(note, noteOf(way, index < place));
    }
    all.disabled = list.every(({ allowed }) => allowed);
  }
  return { render };
}
