import type { Abortable } from './base.ts';
import type { Message } from './message.ts';

/**
 * How a subscription takes its messages. With none of these options the handler is called for each message as it comes.
 * With any of them messages wait for a _turn_, which delivers all that wait, in the order in which they came. At most 10,000
 * wait: one more, and the turn comes at once, whatever the options say, so that nothing is dropped.
 *
 * A turn also comes at once before a reset is told and before the channel is closed by a refusal. What waits when the
 * subscription or the client ends is not delivered. A durable cursor (`resume: 'durable'`) does not pass a message that
 * waits; one that was conflated away counts as handled with the turn.
 */
export interface SubscribeOptions<D = Message['data']> extends Abortable {
  /**
   * Only the newest of each event and key waits for a turn, at the place of that newest one. Without `sample` and `frame`
   * a turn is a microtask: what came in one piece from the network. If it throws, that is reported as `handler-threw`, and
   * the message is delivered. @default none: every message
   */
  readonly conflate?: (data: D) => PropertyKey;
  /**
   * ms. At most one turn in so long: the first message is delivered at once, what comes after it waits.
   * @default 0: no limit
   */
  readonly sample?: number;
  /**
   * Turns come with `requestAnimationFrame`; each second if there are no frames (a hidden page, a frame that is scrolled
   * out of sight), and 16 ms apart on a platform without them. @default false
   */
  readonly frame?: boolean;
  /**
   * While the page is hidden. keep: as while it is shown, by timers, which browsers slow down to one in a second, and later
   * to one in a minute. latest: nothing is delivered until it is shown, and only the newest of each event (with `conflate`:
   * of each event and key) waits. pause: the same, and everything waits. @default 'keep'
   */
  readonly whenHidden?: 'keep' | 'latest' | 'pause';
}
