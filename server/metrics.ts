/** Plain numbers, because they are counted on the hottest paths. Gauges first, then totals since the start. */
export interface Counters {
  /** Open now. */
  connections: number;
  /** Held now, over all connections. */
  subscriptions: number;
  /** Since the start: a poll counts once for its connection, a request that publishes not at all. */
  accepted: number;
  /** Over HTTP, whatever became of them. */
  requests: number;
  /** Entries that clients published and that are new in a log. */
  published: number;
  /** Requests of clients whose handler was run. */
  handled: number;
  refused: number;
  /** Entries and volatile messages sent to clients. */
  delivered: number;
  /** Volatile messages not pushed: no room, too many, not allowed, or not well formed. */
  droppedVolatile: number;
  bytesIn: number;
  bytesOut: number;
  /** Pages read from a log, for a subscription or by `history()`. */
  pages: number;
  gaps: number;
  slowConsumers: number;
  rateLimited: number;
  turnedAway: number;
  /** Those of them that were over `admitRate`: the only ones for which a larger server would help. */
  admitLimited: number;
  faults: number;
}

export function createCounters(): Counters {
  return {
    connections: 0,
    subscriptions: 0,
    accepted: 0,
    requests: 0,
    published: 0,
    handled: 0,
    refused: 0,
    delivered: 0,
    droppedVolatile: 0,
    bytesIn: 0,
    bytesOut: 0,
    pages: 0,
    gaps: 0,
    slowConsumers: 0,
    rateLimited: 0,
    turnedAway: 0,
    admitLimited: 0,
    faults: 0,
  };
}
