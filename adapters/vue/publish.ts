import { type MaybeRefOrGetter, computed, toValue } from 'vue';
import type { Client } from 'holdfast';
import { createPublisher } from '../shared/publisher.ts';
import type { Publisher } from './composables.ts';
import { toParts, useSource } from './source.ts';

export function usePublish(client: Client, name: MaybeRefOrGetter<string>): Publisher {
  const publisher = computed(() => createPublisher(client, toValue(name)));
  const { initial } = publisher.value;
  const { pending, failed } = toParts(
    useSource(() => publisher.value, initial),
    initial,
  );
  // Of the name as it is now, even if nothing was rendered since it changed.
  return {
    pending,
    failed,
    publish: (...args: readonly [string, unknown?, object?]) => publisher.value.initial.publish(...args),
    publishVolatile: (event, data) => publisher.value.initial.publishVolatile(event, data),
  };
}
