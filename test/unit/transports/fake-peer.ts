type Handler = ((event: never) => void) | null;

export class FakeChannel {
  readyState = 'connecting';
  binaryType = 'blob';
  bufferedAmount = 0;
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  readonly sent: Uint8Array[] = [];
  readonly label: string;
  readonly init: RTCDataChannelInit;

  constructor(label: string, init: RTCDataChannelInit) {
    [this.label, this.init] = [label, init];
  }
  send(part: Uint8Array): void {
    if (this.readyState !== 'open') throw new DOMException('readyState is not open', 'InvalidStateError');
    this.sent.push(part);
  }
  open(): void {
    this.readyState = 'open';
    this.onopen?.({} as never);
  }
  /** One part with its first byte, or text. */
  receive(data: string | readonly number[]): void {
    this.onmessage?.({ data: typeof data === 'string' ? data : new Uint8Array(data).buffer } as never);
  }
  say(frame: object, flag = 0): void {
    this.receive([flag, ...new TextEncoder().encode(JSON.stringify(frame))]);
  }
  closed(): void {
    this.readyState = 'closed';
    this.onclose?.({} as never);
  }
}

/** A browser's peer connection, as far as the transport can tell. */
export class FakePeer {
  /** Every one since a test emptied it. */
  static readonly made: FakePeer[] = [];
  connectionState = 'new';
  iceConnectionState = 'new';
  iceGatheringState = 'new';
  localDescription: { readonly sdp: string } | null = null;
  sctp: { readonly maxMessageSize: number } | null = { maxMessageSize: 262_144 };
  onicecandidate: Handler = null;
  onicegatheringstatechange: Handler = null;
  oniceconnectionstatechange: Handler = null;
  onconnectionstatechange: Handler = null;
  closes = 0;
  answer: unknown = null;
  readonly channels: FakeChannel[] = [];
  readonly configuration: RTCConfiguration;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    FakePeer.made.push(this);
  }
  createDataChannel(label: string, init: RTCDataChannelInit): FakeChannel {
    const channel = new FakeChannel(label, init);
    this.channels.push(channel);
    return channel;
  }
  async setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: 'the offer' };
    await Promise.resolve();
  }
  async setRemoteDescription(answer: { readonly sdp: string }): Promise<void> {
    if (answer.sdp === 'garbage') throw new DOMException('Failed to parse SessionDescription.', 'OperationError');
    this.answer = answer;
    await Promise.resolve();
  }
  close(): void {
    this.closes += 1;
    this.connectionState = 'closed';
  }

  candidate(): void {
    this.onicecandidate?.({ candidate: {} } as never);
  }
  gathered(): void {
    this.iceGatheringState = 'complete';
    this.onicegatheringstatechange?.({} as never);
  }
  turn(states: { readonly connectionState?: string; readonly iceConnectionState?: string }): void {
    Object.assign(this, states);
    this.onconnectionstatechange?.({} as never);
    this.oniceconnectionstatechange?.({} as never);
  }
}
