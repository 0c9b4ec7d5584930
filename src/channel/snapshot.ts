import type { ChannelOptions, SnapshotContext } from '../options.ts';
import type { Cursor } from '../types.ts';
import { namedCursor } from './cursor.ts';

export interface Loaded {
  readonly data: unknown;
  /** null: from where the call was told. */
  readonly cursor: Cursor | null;
}

/** A cursor that is none fails the load: going on from elsewhere could leave a gap that nobody is told of. */
export async function loadSnapshot(snapshot: NonNullable<ChannelOptions['snapshot']>, context: SnapshotContext): Promise<Loaded> {
  const { data, cursor } = await snapshot(context);
  return { data: data as unknown, cursor: namedCursor(cursor, `\`snapshot\` of channel '${context.channel}'`) };
}
