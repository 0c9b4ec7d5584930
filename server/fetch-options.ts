export interface FetchOptions {
  /** Of the peer, for `authenticate`. A `Request` does not have it. @default '' */
  readonly ip?: string;
}
