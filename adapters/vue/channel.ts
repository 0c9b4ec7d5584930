import { type ComputedRef, type MaybeRefOrGetter, computed, toValue } from 'vue';
import type { Channel, Client, Message } from 'holdfast';
import type { Flow } from '../shared/latest.ts';
import { type Name, useStarted } from './source.ts';

export function useChannel(client: Client, name: MaybeRefOrGetter<string>): ComputedRef<Channel> {
  return computed(() => client.channel(toValue(name)));
}

export function useSubscription(
  client: Client,
  name: Name,
  event: string,
  handler: (data: unknown, message: Message) => void,
  flow: Flow = {},
): void {
  useStarted(
    () => toValue(name),
    (given) => (given === null ? undefined : client.channel(given).subscribe(event, handler, flow as object)),
  );
}
