/** Types of the library that it does not export by name, since they are reached from those it does. */
import type { Client, Receipt, Status } from 'holdfast';

export type OutboxStatus = ReturnType<Client['outbox']['status']['get']>;
export type ReceiptState = ReturnType<Receipt['state']['get']>;
/** Why the last connection ended. */
export type Reason = Extract<Status, { readonly state: 'waiting' }>['reason'];

/** A decision of the client, or an error that it could tell nobody else. */
export interface Trace {
  readonly at: number;
  readonly name: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
