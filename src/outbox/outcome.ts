import { HoldfastError, isErrorCode } from '../errors.ts';
import type { Result } from '../protocol/frame.ts';
import type { Outcome } from '../types.ts';
import type { Ticket } from './receipt.ts';

/** What the server's verdict on one sequence means for the publication behind it (rule R6). */
export function outcomeOf(ticket: Ticket, result: Result, epoch: string, maybeDuplicate: boolean): Outcome {
  const { id, channel, event, fault } = ticket;
  if (result === 0) return { id, channel, event, result: 'accepted', cursor: null, maybeDuplicate };
  if ('code' in result && result.code === 'closed' && fault !== null)
    return { id, channel, event, result: 'rejected', error: fault };
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
      const known = isErrorCode(code) ? code : 'app';
      const appCode = app ?? (known === 'app' ? code : undefined);
      const error = new HoldfastError(known, message ?? `The server refused a publication to '${base.channel}' (${code}).`, {
        details: appCode === undefined ? {} : { appCode },
      });
      return { ...base, result: 'rejected', error };
    }
  }
}

/** The server ends every connection over it. */
export function faultOf(code: string): HoldfastError {
  const known = isErrorCode(code) ? code : 'invalid';
  return new HoldfastError(known, 'The server ended the connection over this publication.');
}
