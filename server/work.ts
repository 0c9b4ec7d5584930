import type { ClientFrame } from '../src/protocol/frame.ts';
import { Publishing, type PublishingHost } from './publishing.ts';
import { Requests, type RequestsHost } from './requests.ts';
import type { Services } from './services.ts';
import { Subscriptions, type SubscriptionsHost } from './subscriptions.ts';

export type WorkHost = PublishingHost & SubscriptionsHost & RequestsHost;

/** What a welcomed connection is for: what it publishes, reads and asks. */
export class Work {
  readonly publishing: Publishing;
  readonly subscriptions: Subscriptions;
  readonly requests: Requests;

  constructor(services: Services, host: WorkHost) {
    this.publishing = new Publishing(services, host);
    this.subscriptions = new Subscriptions(services, host);
    this.requests = new Requests(services, host);
  }

  /** Everything that came is answered. */
  get idle(): boolean {
    return this.publishing.idle && this.subscriptions.idle && this.requests.idle;
  }

  onFrame(frame: Exclude<ClientFrame, { t: 'hello' | 'auth' | 'ping' | 'pong' | 'bye' }>): void {
    switch (frame.t) {
      case 'pub':
        return this.publishing.onPub(frame);
      case 'tell':
        return this.publishing.onTell(frame);
      case 'req':
      case 'cancel':
        return this.requests.onFrame(frame);
      default:
        return this.subscriptions.onFrame(frame);
    }
  }

  /** There may be room. */
  pump(): void {
    if (this.subscriptions.waiting) this.subscriptions.pump();
    if (this.requests.waiting) this.requests.pump();
  }

  end(): void {
    this.subscriptions.end();
    this.publishing.end();
    this.requests.end();
  }
}
