import { type SubmitEvent, useState } from 'react';

export function AddTask({ label, onAdd }: { readonly label: string; onAdd(title: string): void }) {
  const [title, setTitle] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (title.trim() === '') return;
    onAdd(title.trim());
    setTitle('');
  };
  return (
    <form onSubmit={submit}>
      <input
        aria-label={label}
        placeholder="Add a task"
        maxLength={200}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
    </form>
  );
}
