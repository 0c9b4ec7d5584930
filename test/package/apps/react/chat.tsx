import { useMessages, useOutbox, usePublish, useStatus } from 'holdfast/react';

interface Said {
  readonly text: string;
}

export function Chat() {
  const { state } = useStatus();
  const { messages, status } = useMessages('room:1');
  const { publish } = usePublish('room:1');
  const { pending } = useOutbox();
  return (
    <main data-connection={state} data-list={status} data-pending={pending}>
      <h1>First text</h1>
      <button onClick={() => void publish('said', { text: 'hello' })}>Say hello</button>
      <ul>
        {messages.map(({ id, data }) => (
          <li key={id}>{(data as Said).text}</li>
        ))}
      </ul>
    </main>
  );
}
