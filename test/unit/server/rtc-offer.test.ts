import { describe, expect, it } from 'vitest';
import { readOffer } from '../../../server/node/rtc-offer.ts';

const HEAD = [
  'v=0',
  'o=- 1 1 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=setup:actpass',
];
const candidate = (address: string, transport = 'udp'): string =>
  `a=candidate:1 1 ${transport} 2113937151 ${address} 5000 typ host`;
const read = (...lines: readonly string[]): readonly string[] => {
  const offer = readOffer([...HEAD, ...lines].join('\r\n'));
  return offer.ok ? offer.sdp.split('\r\n').slice(HEAD.length) : [offer.why];
};

describe('candidates of an offer', () => {
  it.each(['192.0.2.7', '2001:db8::7', '::1', '::ffff:192.0.2.7'])('%s stays', (address) => {
    expect(read(candidate(address), candidate(address, 'UDP'))).toHaveLength(2);
  });

  it.each([
    ['a name that would be looked up', candidate('metadata.internal')],
    ['a name that a browser hides behind', candidate('5a2e1f80-0c4e-4d7f-9a57-6d1d7ed5d9f3.local')],
    ['TCP', candidate('192.0.2.7', 'tcp')],
    ['what is no candidate', 'a=candidate:nonsense'],
  ])('%s goes', (_what, line) => {
    expect(read(line, 'a=end-of-candidates')).toEqual(['a=end-of-candidates']);
  });

  it('are at most 16', () => {
    expect(read(...Array.from({ length: 1000 }, (_, n) => candidate(`192.0.2.${n % 256}`)))).toHaveLength(16);
  });
});

describe('an offer', () => {
  it.each([
    ['of a second section', ['m=audio 9 UDP/TLS/RTP/SAVPF 111']],
    ['of a second data section', ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel']],
  ])('%s is refused', (_what, lines) => {
    expect(read(...lines)).toEqual(['an offer has one section, for data channels (RFC 8841)']);
  });

  it.each(['', 'v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'm=application 9 DTLS/SCTP 5000'])('that is %j is refused', (text) => {
    expect(readOffer(text)).toMatchObject({ ok: false });
  });

  it('of 64 KiB of anything takes no time to speak of', () => {
    const before = performance.now();
    for (const text of ['a=candidate:'.repeat(5461), `a=candidate:1 1 udp 1 ${':'.repeat(65_000)}`, '\n'.repeat(65_536)])
      readOffer(text);
    expect(performance.now() - before).toBeLessThan(100);
  });
});
