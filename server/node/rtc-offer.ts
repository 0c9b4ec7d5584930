/** Bytes of an offer. Those of browsers have 500 to 5000. */
export const OFFER_BYTES = 65_536;
const CANDIDATES = 16;
/** RFC 8839, section 5.1: foundation, component, transport, priority, address. */
const CANDIDATE = /^a=candidate:\S+ \d+ udp \d+ (\S+) \d+ typ /i;
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)$/i;

export type Offer = { readonly ok: true; readonly sdp: string } | { readonly ok: false; readonly why: string };

/**
 * What a stranger may make this server do: one section for data channels, and packets to a few addresses. A candidate that
 * is a name (browsers hide local addresses behind `….local`) would be looked up; one over TCP would be a connection.
 */
export function readOffer(text: string): Offer {
  const lines = text.split(/\r?\n/);
  const sections = lines.filter((line) => line.startsWith('m='));
  if (sections.length !== 1 || !/^m=application \d+ UDP\/DTLS\/SCTP webrtc-datachannel$/.test(sections[0]!)) {
    return { ok: false, why: 'an offer has one section, for data channels (RFC 8841)' };
  }
  let candidates = 0;
  const kept = lines.filter((line) => {
    if (!line.startsWith('a=candidate:')) return true;
    if (!ADDRESS.test(CANDIDATE.exec(line)?.[1] ?? '')) return false;
    candidates += 1;
    return candidates <= CANDIDATES;
  });
  return { ok: true, sdp: kept.join('\r\n') };
}
