import { isErrorCode, refusalOf } from '../errors.ts';
import type { Result } from '../protocol/frame.ts';
import type { Outcome } from '../types.ts';
import type { Ticket } from './receipt.ts';

/** What the server's verdict on one sequence means for the publication behind it (rule R6). */
export function outcomeOf(ticket: Ticket, result: Result, epoch: string, maybeDuplicate: boolean): Outcome {
  const { id, channel, event } = ticket;
  if (result === 0) return { id, channel, event, result: 'accepted', cursor: null, maybeDuplicate };
  if ('code' in result) return refused({ id, channel, event }, result.code, result.message, result.app);
  const cursor = { epoch, offset: result[0], tag: result[1] };
  return { id, channel, event, result: 'accepted', cursor, maybeDuplicate };
}

function refused(base: Pick<Outcome, 'id' | 'channel' | 'event'>, code: string, message?: string, app?: string): Outcome {
  switch (code) {
    case 'cancelled':
    case 'expired':
    case 'closed':
      return { ...base, result: code };
    // The server's memory of the lane does not reach back that far.
    case 'unknown':
    case 'before-start':
      return { ...base, result: 'uncertain' };
    default: {
      const isKnown = code !== 'app' && isErrorCode(code);
      // Of those that it judges itself the server says what is wrong.
      const did = code === 'invalid' || code === 'too-large' ? 'ended a connection over' : 'refused';
      const sentence = `The server ${did} a publication to '${base.channel}' (${code}).`;
      const said = { code, message, app: app ?? (isKnown ? undefined : code) };
      return { ...base, result: 'rejected', error: refusalOf(said, sentence, 'app') };
    }
  }
}
