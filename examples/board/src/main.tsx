import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Board } from './board.tsx';
import { Provider, client } from './realtime.ts';

const given = new URLSearchParams(location.search);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Provider client={client}>
      <Board board={given.get('board') ?? 'demo'} />
    </Provider>
  </StrictMode>,
);
