import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Board } from './board.tsx';
import { Provider, client } from './realtime.ts';

const given = new URLSearchParams(location.search);
const name = given.get('name') ?? `Guest ${Math.floor(Math.random() * 90) + 10}`;

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Provider client={client}>
      <Board board={given.get('board') ?? 'demo'} name={name} />
    </Provider>
  </StrictMode>,
);
