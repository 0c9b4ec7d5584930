import { toBase64url } from '../../src/protocol/base64url.ts';
import type { Encoded } from '../../src/protocol/codec.ts';
import type { ServerSocket } from '../types.ts';
import type { Exchange } from './exchange.ts';

/** Some proxies pass nothing on before their buffer is full. A comment is ignored by whoever reads events. */
export const PADDING = `:${' '.repeat(2045)}\n\n`;

/** Makes events. The last one is kept, because a batch mostly goes to many streams one after the other. */
export class EventWriter {
  #data: Encoded = '';
  #event = '';

  /** WHATWG HTML, section 9.2. Neither JSON as it is written here nor base64url holds a line break. */
  event(data: Encoded): string {
    if (data !== this.#data) {
      this.#data = data;
      this.#event = `data: ${typeof data === 'string' ? data : toBase64url(data)}\n\n`;
    }
    return this.#event;
  }
}

/** The socket of a connection whose messages are events. */
export function eventStream(exchange: Exchange, writer: EventWriter): ServerSocket {
  return {
    send: (data) => exchange.write(writer.event(data)),
    close: () => exchange.end(),
    get buffered() {
      return exchange.buffered;
    },
  };
}
