import { byId, h, setText } from './dom.ts';
import type { Score, Total } from './score.ts';

function verdict({ runs, received, expected, onTheWay, missing, twice, inOrder, again }: Total): string {
  if (runs === 0) return 'No burst yet. Slow the network, send one, cut the line.';
  if (missing > 0 || twice > 0 || !inOrder) return 'Something was lost, came twice, or out of order. That is a fault.';
  const repeated = again === 0 ? '' : ` ${again} stand again in the server’s new log, known by their ids.`;
  if (received === 0) return `${onTheWay} on the way, none here yet.`;
  if (onTheWay > 0) return `${onTheWay} still on the way. What is here is in order, once each.${repeated}`;
  return `All ${received === expected ? received : expected} here, in order, once each.${repeated}`;
}

/** The scoreboard of the room's bursts, as this page received them. */
export function createScorePanel(): { render(score: Score): void } {
  const board = byId('board', HTMLElement);
  const line = byId('verdict', HTMLElement);
  const sum = byId('sheet-sum', HTMLElement);
  const cells = ['Received', 'In order', 'Twice', 'Missing'].map((label) => {
    const value = h('dd', { class: 'num' });
    const cell = h('div', {}, h('dt', {}, label), value);
    board.append(cell);
    return { value, cell };
  });
  return {
    render(score) {
      const total = score.total();
      const none = total.runs === 0;
      const values = [
        none ? '0' : `${total.received}/${total.expected}`,
        total.received === 0 ? '–' : total.inOrder ? 'yes' : 'no',
        String(total.twice),
        String(total.missing),
      ];
      const bad = [false, !total.inOrder, total.twice > 0, total.missing > 0];
      for (const [index, { value, cell }] of cells.entries()) {
        setText(value, values[index] ?? '');
        cell.dataset['tone'] = bad[index] === true ? 'bad' : total.received === 0 ? 'idle' : 'good';
      }
      setText(line, verdict(total));
      setText(
        sum,
        none ? 'cut, hold, restart' : `${total.received}/${total.expected} · ${total.missing} lost · ${total.twice} twice`,
      );
    },
  };
}
