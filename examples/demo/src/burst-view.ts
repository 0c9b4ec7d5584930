import { h, setText } from './dom.ts';
import type { Run, Verdict } from './score.ts';

/**
 * A burst as one card with a cell for each number. waiting: in the outbox. accepted: in the server's log. here: came back
 * through the log to this page. twice: the fault.
 */
export type Cell = 'unknown' | 'waiting' | 'accepted' | 'here' | 'twice' | 'failed';

export interface BurstView {
  readonly element: HTMLElement;
  mark(n: number, cell: 'waiting' | 'accepted' | 'failed'): void;
  take(n: number, verdict: Verdict, run: Run): void;
}

function noteOf(run: Run): string {
  if (!run.inOrder || run.missing > 0 || run.twice > 0) return 'Something is wrong here: see the scoreboard.';
  if (!run.complete) return `${run.total - run.highest} still to come.`;
  return run.first > 1 ? `All since you joined at ${run.first}, in order, once each.` : 'All here, in order, once each.';
}

export function createBurstView(total: number): BurstView {
  const cells = Array.from({ length: total }, () => h('i', { data: { cell: 'unknown' } }));
  const count = h('span', { class: 'num' }, `0 of ${total}`);
  const note = h('span', { class: 'burst-note' }, `${total} still to come.`);
  const set = (n: number, cell: Cell): void => {
    const element = cells[n - 1];
    if (element !== undefined) element.dataset['cell'] = cell;
  };
  return {
    element: h(
      'div',
      { class: 'bubble burst-card', attributes: { 'aria-live': 'off' } },
      h('p', { class: 'burst-head' }, h('span', {}, 'Numbered messages'), count),
      h('div', { class: 'cells', attributes: { 'aria-hidden': 'true' } }, ...cells),
      note,
    ),
    mark(n, cell) {
      const now = cells[n - 1]?.dataset['cell'];
      // The copy from the log may overtake the answer to the sender.
      if (now !== 'here' && now !== 'twice') set(n, cell);
    },
    take(n, verdict, run) {
      set(n, verdict === 'twice' ? 'twice' : 'here');
      setText(count, `${run.received} of ${run.total}`);
      setText(note, noteOf(run));
    },
  };
}
