import { type MaybeRefOrGetter, toValue } from 'vue';
import type { Client, Member } from 'holdfast';
import { NOBODY, createMembers, enter, keyOf } from '../shared/presence.ts';
import { type Name, type Ref, useNamed, useStarted } from './source.ts';

export interface PresenceOptions<D = unknown> {
  /** Enters with this while mounted; other data is an update; null or undefined does not enter. @default null */
  readonly enter?: MaybeRefOrGetter<D | null | undefined>;
}

export function usePresence(client: Client, name: Name, options: PresenceOptions = {}): Ref<readonly Member[]> {
  const shown = (): unknown => toValue(options.enter);
  // As one text, or an object that is made anew would enter anew.
  useStarted(
    () => JSON.stringify([toValue(name), keyOf(shown())]),
    (now) => {
      const [given, key] = JSON.parse(now) as [string | null, string | null];
      return given === null || key === null ? undefined : enter(client, given, shown());
    },
  );
  return useNamed(name, (given) => createMembers(client, given), NOBODY);
}
