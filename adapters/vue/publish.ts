import { type MaybeRefOrGetter, computed, toValue } from 'vue';
import type { Client } from 'holdfast';
import { NONE_PUBLISHED, type Publisher as Sender, createPublisher } from '../shared/publisher.ts';
import type { Publisher } from './composables.ts';
import { toParts, useSource } from './source.ts';

export function usePublish(client: Client, name: MaybeRefOrGetter<string>): Publisher {
  const sender = computed(() => createPublisher(client, toValue(name)));
  const publishing = useSource(() => sender.value.publishing, NONE_PUBLISHED);
  return {
    ...toParts(publishing, NONE_PUBLISHED),
    publish: (...args: Parameters<Sender['publish']>) => sender.value.publish(...args),
    publishVolatile: (event, data) => sender.value.publishVolatile(event, data),
  };
}
