import { memo } from 'react';
import type { Task } from './board.tsx';
import { COLUMNS, type Column } from './realtime.ts';

interface CardProps {
  readonly task: Task;
  onMove(id: string, column: Column): void;
  onRemove(id: string): void;
}

export const Card = memo(function Card({ task: { id, title, column, pending }, onMove, onRemove }: CardProps) {
  const at = COLUMNS.indexOf(column);
  const [before, after] = [COLUMNS[at - 1], COLUMNS[at + 1]];
  return (
    <li draggable data-pending={pending} onDragStart={(event) => event.dataTransfer.setData('text/plain', id)}>
      <p>{title}</p>
      <div>
        {pending && <small>not sent yet</small>}
        <button aria-label={`Move ${title} back`} disabled={before === undefined} onClick={() => onMove(id, before!)}>
          ←
        </button>
        <button aria-label={`Move ${title} on`} disabled={after === undefined} onClick={() => onMove(id, after!)}>
          →
        </button>
        <button aria-label={`Remove ${title}`} onClick={() => onRemove(id)}>
          ×
        </button>
      </div>
    </li>
  );
});
