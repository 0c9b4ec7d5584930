import { byId, h, icon, setText } from './dom.ts';
import type { Harm } from './harm.ts';

interface Tile {
  readonly button: HTMLButtonElement;
  readonly note: HTMLElement;
}

function tile(name: string, title: string, text: string, onClick: () => void): Tile {
  const note = h('span', { class: 'tile-note' }, text);
  const button = h('button', { class: 'tile', attributes: { type: 'button' } }, icon(name), h('b', {}, title), note);
  button.addEventListener('click', onClick);
  return { button, note };
}

function press({ button }: Tile, on: boolean): void {
  button.setAttribute('aria-pressed', String(on));
}

/** Shows for a moment what the click did, then the explanation again. */
function flash({ note }: Tile, text: string): void {
  const usual = (note.dataset['usual'] ??= note.textContent);
  setText(note, text);
  window.setTimeout(() => setText(note, usual), 2500);
}

export interface HarmPanel {
  render(): void;
}

export function createHarmPanel(harm: Harm, sayForbidden: () => void): HarmPanel {
  const cut = tile('cut', 'Cut the line', 'Frames under way are lost.', () => {
    flash(cut, harm.cut() === 0 ? 'There is none to cut.' : 'Cut.');
  });
  const hold = tile('hold', 'Hold it', 'Half-open: looks fine, nothing moves.', () => harm.hold(!harm.get().held));
  const offline = tile('offline', 'Go offline', 'Closed, and no new one opens.', () => harm.goOffline(!harm.get().offline));
  const refuse = tile('refuse', 'Break a rule', 'Publish what the server refuses.', sayForbidden);
  const restart = tile('restart', 'Restart server', 'For everyone: 2 s gone, its log lost.', () => void act('restart', restart));
  const drain = tile('drain', 'Replace server', 'For everyone: drained, the log stays.', () => void act('drain', drain));

  async function act(action: 'restart' | 'drain', shown: Tile): Promise<void> {
    shown.button.disabled = true;
    try {
      const response = await fetch(`demo/${action}`, { method: 'POST' });
      flash(
        shown,
        response.ok ? 'On its way.' : response.status === 409 ? 'Busy with it already.' : `Refused (${response.status}).`,
      );
    } catch {
      flash(shown, 'The server cannot be reached.');
    } finally {
      shown.button.disabled = false;
    }
  }

  const range = h('input', {
    attributes: { type: 'range', min: '0', max: '2000', step: '50', value: '0', id: 'slow', 'aria-describedby': 'slow-value' },
  });
  const value = h('output', { class: 'num', attributes: { id: 'slow-value', for: 'slow' } });
  range.addEventListener('input', () => harm.slowDown(range.valueAsNumber));
  const slow = h('p', { class: 'slow' }, h('label', { attributes: { for: 'slow' } }, 'Slow network'), range, value);

  byId('harm', HTMLElement).append(...[cut, hold, offline, refuse, restart, drain].map(({ button }) => button), slow);

  return {
    render() {
      const state = harm.get();
      press(hold, state.held);
      press(offline, state.offline);
      setText(value, state.slow === 0 ? 'off' : `+${state.slow} ms`);
    },
  };
}
