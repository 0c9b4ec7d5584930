import { useOutbox, useUiStatus } from './realtime.ts';

const SAID = {
  hidden: 'Live',
  connecting: 'Connecting …',
  reconnecting: 'No connection. Go on, nothing is lost.',
  offline: 'Offline. Go on, nothing is lost.',
  ended: 'Ended. Load the page again.',
};

export function Line() {
  const { banner } = useUiStatus();
  const { pending } = useOutbox();
  return (
    <p className="line" role="status" data-banner={banner}>
      {SAID[banner]}
      {pending > 0 && ` ${pending}\u00a0waiting.`}
    </p>
  );
}
