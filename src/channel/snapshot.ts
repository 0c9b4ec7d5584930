import type { Reception } from '../contract/reception.ts';
import type { ChannelOptions, Snapshot, SnapshotContext } from '../options.ts';
import type { Cursor } from '../types.ts';
import { namedCursor } from './cursor.ts';

export interface Loaded {
  readonly data: unknown;
  /** null: from where the call was told. */
  readonly cursor: Cursor | null;
}

/** A cursor that is none fails the load: going on from elsewhere could leave a gap that nobody is told of. */
export async function loadSnapshot(
  snapshot: NonNullable<ChannelOptions['snapshot']>,
  context: SnapshotContext,
  reception: Reception | undefined,
): Promise<Loaded> {
  const { data: given, cursor } = (await snapshot(context)) as Snapshot;
  const data = reception === undefined ? given : reception.snapshot(context.channel, given);
  return { data, cursor: namedCursor(cursor, `\`snapshot\` of channel '${context.channel}'`) };
}
