import { useEffect } from 'react';
import type { Client } from 'holdfast';
import type { Flow } from '../shared/latest.ts';
import { useFlow } from './use-flow.ts';
import { useCurrent } from './use-source.ts';

export function useSubscription<D>(
  client: Client,
  name: string | null,
  event: string,
  handler: (data: D, message: never) => unknown,
  flow?: Flow<D>,
): void {
  const current = useCurrent(handler);
  const options = useFlow(flow);
  useEffect(() => {
    if (name === null) return;
    // A promise that it returns is waited for before a durable cursor moves.
    const call = (data: D, message: object): void => current.current(data, message as never) as undefined;
    return client.channel(name).subscribe(event, call, options);
  }, [client, name, event, options]);
}
