import { memo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider, useSubscription } from 'holdfast/react';
import type { Price } from '../price-feed.ts';
import { OPTIONS, note, offer } from './prices.ts';

const Row = memo(({ symbol, price }: Partial<Price>) => <p id={symbol}>{price}</p>);

function Prices({ symbols }: { readonly symbols: readonly string[] }) {
  const [prices, setPrices] = useState<Readonly<Record<string, number>>>({});
  const show = ({ symbol, price }: Price): void => {
    note();
    setPrices((before) => ({ ...before, [symbol]: price }));
  };
  useSubscription('prices', 'tick', show, OPTIONS);
  return symbols.map((symbol) => <Row key={symbol} symbol={symbol} price={prices[symbol]!} />);
}

offer((client, symbols) => {
  createRoot(document.body.appendChild(document.createElement('main'))).render(
    <Provider client={client}>
      <Prices symbols={symbols} />
    </Provider>,
  );
});
