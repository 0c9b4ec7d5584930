import type { Status } from 'holdfast';
import { byId, setText } from './dom.ts';
import type { Direction } from './harm-socket.ts';
import type { Harm } from './harm.ts';

const MAX_BEADS = 8;

/** The drawn line between this tab and the server: taut, slack, thrown or cut, with a bead for each frame that passes. */
export function createRope(harm: Harm): { render(status: Status): void } {
  const rope = byId('rope', SVGSVGElement);
  const beads = byId('beads', SVGGElement);
  const note = byId('rope-note', HTMLElement);
  const still = window.matchMedia('(prefers-reduced-motion: reduce)');

  harm.onFrame((direction: Direction) => {
    if (still.matches || document.hidden || beads.childElementCount >= MAX_BEADS) return;
    const bead = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
    bead.setAttribute('r', '4');
    bead.setAttribute('class', `bead ${direction}`);
    bead.addEventListener('animationend', () => bead.remove());
    beads.append(bead);
    // A bead that is not displayed never ends its animation.
    window.setTimeout(() => bead.remove(), 2000);
  });

  function shape(status: Status, held: boolean): string {
    if (status.state === 'connected') return held ? 'sag' : 'taut';
    return status.state === 'connecting' ? 'throw' : 'cut';
  }

  return {
    render(status) {
      const { held, slow, waiting } = harm.get();
      rope.dataset['rope'] = shape(status, held);
      const queued = waiting.out + waiting.in;
      const frames = `${queued} ${queued === 1 ? 'frame' : 'frames'}`;
      if (held) setText(note, queued === 0 ? 'line held, nothing moves' : `line held: ${frames} stuck`);
      else if (slow > 0) setText(note, queued === 0 ? `+${slow} ms there and back` : `+${slow} ms, ${frames} under way`);
      else setText(note, '');
    },
  };
}
