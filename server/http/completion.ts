/** What is known of an answer that comes in one piece. */
export interface Progress {
  /** The peer lets the answer be held until there is news. */
  readonly held: boolean;
  /** Something worth an answer was gathered. */
  readonly news: boolean;
  /** Everything that the request asked is answered. */
  readonly settled: boolean;
  /** More is not to be gathered. */
  readonly full: boolean;
}

/** hold: not yet. gather: now, unless the request has only just come. complete: now. */
export type Step = 'hold' | 'gather' | 'complete';

/** Whether an answer is complete; that its time is over, or its connection, makes it so in any case. */
export function stepOf({ held, news, settled, full }: Progress): Step {
  // What was not answered is asked again: without an end here, a page of many long logs would be one answer.
  if (full) return 'complete';
  // Each poll asks every rule anew: were it answered without them, a slow one would never answer beside a busy channel.
  if (held) return news && settled ? 'gather' : 'hold';
  return settled ? 'complete' : 'hold';
}
