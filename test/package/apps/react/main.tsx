import { composeClient, webSocket } from 'holdfast';
import { Provider } from 'holdfast/react';
import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { Chat } from './chat.tsx';

// One transport, so that what the server counts does not depend on a race.
const client = composeClient({ url: '/realtime', transports: [webSocket()] });
const root = document.getElementById('root')!;
const app = (
  <StrictMode>
    <Provider client={client}>
      <Chat />
    </Provider>
  </StrictMode>
);

// The server's mark: what it rendered is taken over, otherwise there is nothing yet.
if (root.dataset['rendered'] === undefined) createRoot(root).render(app);
else hydrateRoot(root, app, { onRecoverableError: (error) => console.error('recovered from', error) });
