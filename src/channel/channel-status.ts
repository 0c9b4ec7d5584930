import type { ChannelStatus } from '../types.ts';
import type { Subscription } from './step.ts';

/** The same objects each time, so that a message costs no comparison. */
const LIVE: ChannelStatus = { state: 'live', lossy: false };
const LOSSY: ChannelStatus = { state: 'live', lossy: true };

export function statusOf({ hold, feeding, ears, cursor }: Subscription, lossy: boolean): ChannelStatus {
  if (hold !== null) return { state: 'recovering', why: hold.why };
  const state = feeding === null ? undefined : ears.get(feeding)?.state;
  if (state === 'ready' || state === 'renewing') return lossy ? LOSSY : LIVE;
  return cursor === null ? { state: 'subscribing' } : { state: 'recovering', why: 'reconnect' };
}
