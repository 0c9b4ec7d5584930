/** What a feed reports. */
import { HoldfastError, isHoldfastError, refusalOf } from '../errors.ts';
import type { ResetReason, Unsubbed } from '../protocol/frame.ts';

export function unheardReset(channel: string, why: ResetReason): HoldfastError {
  const message = `Channel '${channel}' lost continuity (${why}): no onReset handler loads what is missing.`;
  return new HoldfastError('continuity-lost', message, { details: { why } });
}

export function fallenBehind(channel: string, resets: number): HoldfastError {
  return new HoldfastError('too-slow', `Channel '${channel}' was reset ${resets} times in a row.`);
}

export function refusal(channel: string, said: Unsubbed): HoldfastError {
  return refusalOf(said, `The server refused channel '${channel}' (${said.code}).`, 'forbidden');
}

export function loaderFailed(channel: string, loader: 'resume' | 'snapshot', cause: unknown): HoldfastError {
  // The loader did its part: its data does not fit the contract.
  if (isHoldfastError(cause, 'invalid') && cause.details.issues !== undefined) return cause;
  return new HoldfastError('handler-threw', `\`${loader}\` of channel '${channel}' failed.`, { cause });
}
