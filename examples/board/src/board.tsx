import type { StoreDefinition } from 'holdfast';
import { useMemo } from 'react';
import { Card } from './card.tsx';
import { AddTask } from './add-task.tsx';
import { Line } from './line.tsx';
import { People } from './people.tsx';
import { type App, COLUMNS, type Column, usePublish, useStore } from './realtime.ts';

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly column: Column;
  /** Published here, and not confirmed. */
  readonly pending: boolean;
}

const TITLES: Readonly<Record<Column, string>> = { todo: 'To do', doing: 'Doing', done: 'Done' };
type Tasks = ReadonlyMap<string, Task>;

export function Board({ board, name }: { readonly board: string; readonly name: string }) {
  const { publish } = usePublish(`board:${board}`);
  const { state, status } = useStore(`board:${board}`, TASKS);
  const columns = useMemo(() => {
    const all = [...state.values()];
    return COLUMNS.map((column) => [column, all.filter((task) => task.column === column)] as const);
  }, [state]);
  const { add, move, remove } = useMemo(
    () => ({
      add: (title: string, column: Column) => void publish('added', { title, column }),
      move: (id: string, column: Column) => void publish('moved', { id, column }),
      remove: (id: string) => void publish('removed', { id }),
    }),
    [publish],
  );
  // Anything can be dropped on a column.
  const drop = (id: string, column: Column): void => {
    const task = state.get(id);
    if (task !== undefined && task.column !== column) move(id, column);
  };
  return (
    <>
      <header>
        <h1>Task board</h1>
        <Line />
        <People board={board} name={name} />
      </header>
      <main aria-busy={status === 'loading'}>
        {columns.map(([column, shown]) => (
          <section
            key={column}
            aria-label={TITLES[column]}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => drop(event.dataTransfer.getData('text/plain'), column)}
          >
            <h2>
              {TITLES[column]} <small>{shown.length}</small>
            </h2>
            <ul>
              {shown.map((task) => (
                <Card key={task.id} task={task} onMove={move} onRemove={remove} />
              ))}
            </ul>
            <AddTask onAdd={(title) => add(title, column)} label={`Add to ${TITLES[column]}`} />
          </section>
        ))}
      </main>
    </>
  );
}

/** Set by id: a message may be applied twice, and own ones are applied before the server has them. */
const TASKS: StoreDefinition<Tasks, App, 'board:{id}'> = {
  initial: new Map(),
  reduce(tasks, { event, id, data, pending }) {
    const next = new Map(tasks);
    if (event === 'added') return next.set(id, { id, ...data, pending });
    const task = tasks.get(data.id);
    if (event === 'removed') next.delete(data.id);
    else if (task !== undefined) next.set(task.id, { ...task, column: data.column, pending });
    return next;
  },
};
