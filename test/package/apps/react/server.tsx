/** Prints what a server would send. */
import { createClient } from 'holdfast';
import { Provider } from 'holdfast/react';
import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { Chat } from './chat.tsx';

const client = createClient(process.argv[2]!);
const html = renderToString(
  <StrictMode>
    <Provider client={client}>
      <Chat />
    </Provider>
  </StrictMode>,
);
console.log(html);
