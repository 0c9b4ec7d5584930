import type { Price } from '../price-feed.ts';
import { OPTIONS, note, offer } from './prices.ts';

offer((client, symbols) => {
  const cells = new Map(
    symbols.map((symbol) => {
      const row = document.body.appendChild(document.createElement('p'));
      row.id = symbol;
      return [symbol, row.appendChild(document.createTextNode(''))] as const;
    }),
  );
  const show = ({ symbol, price }: Price): void => {
    note();
    cells.get(symbol)!.data = String(price);
  };
  client.channel('prices').subscribe('tick', show, OPTIONS);
});
