import { usePresence } from './realtime.ts';

export function People({ board, name }: { readonly board: string; readonly name: string }) {
  const members = usePresence(`board:${board}`, { enter: { name } });
  return (
    <ul className="people" aria-label="Here now">
      {members.map(({ id, self, data }) => (
        <li key={id} title={self ? `${data.name} (you)` : data.name} data-self={self}>
          {initialsOf(data.name)}
        </li>
      ))}
    </ul>
  );
}

const initialsOf = (name: string): string =>
  name
    .split(' ')
    .map(([first = '']) => first)
    .join('')
    .slice(0, 2)
    .toUpperCase();
