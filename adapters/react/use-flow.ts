import { useMemo } from 'react';
import type { Flow } from '../shared/latest.ts';
import { useCurrent } from './use-source.ts';

/** The same object while nothing but the function changes, which is looked up when it is called. */
export function useFlow<D>(flow: Flow<D> = {}): Flow<D> {
  const { conflate, sample, frame, whenHidden } = flow;
  const current = useCurrent(conflate);
  return useMemo(
    () => (conflate === undefined ? flow : { ...flow, conflate: (data: D) => (current.current ?? conflate)(data) }),
    [conflate === undefined, sample, frame, whenHidden],
  );
}
