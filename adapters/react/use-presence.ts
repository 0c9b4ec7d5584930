import { useEffect, useMemo } from 'react';
import type { Client, Member } from 'holdfast';
import { NOBODY, type PresenceHookOptions, createMembers, enter, keyOf } from '../shared/presence.ts';
import { createIdle } from '../shared/source.ts';
import { useCurrent, useSource } from './use-source.ts';

export function usePresence(client: Client, name: string | null, options: PresenceHookOptions = {}): readonly Member[] {
  const key = keyOf(options.enter);
  const current = useCurrent(options.enter);
  useEffect(() => {
    if (name === null || key === null) return;
    return enter(client, name, current.current);
  }, [client, name, key, current]);
  return useSource(useMemo(() => (name === null ? createIdle(NOBODY) : createMembers(client, name)), [client, name]));
}
