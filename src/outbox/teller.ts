/** Sends volatile messages: now or not at all. */
import { HoldfastError } from '../errors.ts';
import { DEFAULT_LIMITS } from '../protocol/frame.ts';
import { toPlain } from '../protocol/payload.ts';
import { soon } from '../util/soon.ts';
import type { OutboxContext } from './context.ts';
import { MOST_BUFFERED } from './room.ts';

type TellerContext = Pick<OutboxContext, 'environment' | 'line' | 'buffered' | 'send' | 'need' | 'checks'>;

/** @returns publishes; false says that it was dropped */
export function createTeller(context: TellerContext): (channel: string, event: string, data: unknown) => boolean {
  const { checks, environment } = context;
  let bytes = 0;
  return (channel, event, data) => {
    const line = context.line();
    const plain = toPlain(data, line?.limits ?? DEFAULT_LIMITS);
    if (!plain.ok) throw new HoldfastError(plain.code, `Not sent: ${plain.why}.`);
    const checked = checks?.event('volatile', channel, event, plain.data);
    if (checked?.ok === false) throw checked.error;
    context.need();
    if (line === null || context.buffered() + bytes > MOST_BUFFERED) return false;
    // What is sent in this tick has not reached the buffer yet.
    if (bytes === 0) soon(() => (bytes = 0));
    bytes += plain.size;
    const payload = plain.data === undefined ? {} : { d: plain.data };
    context.send({ t: 'tell', c: channel, id: environment.createId(), e: event, ...payload });
    return true;
  };
}
