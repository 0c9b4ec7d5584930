/** A browser's socket, as far as the transport can tell. */
export class FakeSocket {
  /** Every one since a test emptied it. */
  static readonly made: FakeSocket[] = [];
  binaryType = 'blob';
  readyState = 0;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  readonly sent: unknown[] = [];
  readonly closes: (number | undefined)[] = [];
  readonly url: string;
  readonly protocols: readonly string[];

  constructor(url: string, protocols: string[]) {
    [this.url, this.protocols] = [url, protocols];
    FakeSocket.made.push(this);
  }
  send(data: unknown): void {
    if (this.readyState === 0) throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
    if (this.readyState === 1) this.sent.push(data);
  }
  close(code?: number): void {
    this.closes.push(code);
    if (this.readyState < 2) this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  receive(data: unknown): void {
    this.onmessage?.({ data });
  }
  closed(code: number, { reason = '', wasClean = true } = {}): void {
    this.readyState = 3;
    this.onclose?.({ code, reason, wasClean });
  }
}
