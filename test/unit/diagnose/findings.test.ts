import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NETWORK_FAULTS, SESSION_ENDS, STATUSES } from '../../../src/diagnose/causes.ts';
import { type Evidence, type Exchange, type Outcome, type Stage, bare } from '../../../src/diagnose/evidence.ts';
import { findingOf } from '../../../src/diagnose/findings.ts';

const HTTP = 'https://api.example/realtime/sse';
const WS = 'wss://api.example/realtime/ws';
const PAGE = 'https://app.example/index.html';
const exchange = (more: Partial<Exchange> = {}): Exchange => ({ address: HTTP, status: null, type: null, fault: null, ...more });
const ended = (after: Stage = 'nothing', code = 1006): Outcome => ({ state: 'ended', after, code });
const silent = (after: Stage): Outcome => ({ state: 'silent', after });
const refused = (code: number): Outcome => ({ state: 'refused', code });
const unasked = { state: 'unasked' } as const;
const reached = (status: number | null = null) => ({ state: 'reached', status }) as const;
const unreached = (fault = '') => ({ state: 'failed', fault }) as const;
const common: Evidence = {
  ...{ transport: 'sse', address: HTTP, outcome: ended(), exchange: exchange(), reach: unasked },
  ...{ online: true, page: null, forbiddenBy: null, others: [] },
};
const socket: Partial<Evidence> = { transport: 'websocket', address: WS, exchange: exchange({ address: WS }) };

const table: readonly (readonly [what: string, seen: Partial<Evidence>, problem: RegExp, remedy: RegExp])[] = [
  ['no WebSocket', { transport: 'websocket', outcome: { state: 'unsupported' }, exchange: null }, /no WebSocket/, /Node 22/],
  ['no fetch', { outcome: { state: 'unsupported' }, exchange: null }, /no fetch/, /environment/],
  ['no WebRTC', { transport: 'webrtc', outcome: { state: 'unsupported' }, exchange: null }, /no WebRTC/, /RTCPeerConnection/],
  ['offline', { online: false, page: PAGE }, /no network/, /Connect/],
  ['a policy of the page', { ...socket, page: PAGE, forbiddenBy: 'connect-src' }, /Content Security Policy/, /wss:\/\/api\.example to `connect-src`/],
  ['mixed content', { page: PAGE, address: 'ws://api.example/realtime/ws', transport: 'websocket' }, /mixed content/, /TLS/],
  ['a token that is refused', { outcome: refused(4202), exchange: exchange({ status: 200 }) }, /does not accept the token/, /authenticate/],
  ['a token that has ended', { outcome: refused(4201) }, /token has ended/, /getToken/],
  ['an origin that is refused in words', { outcome: refused(4403), exchange: exchange({ status: 403 }) }, /origin/, /`origins`/],
  ['too many connections', { outcome: refused(4429) }, /too many connections/, /limits\.connections/],
  ['an end without a sentence of its own', { outcome: refused(4777) }, /4777 code-4777/, /troubleshooting/],
  ['another user', { outcome: { state: 'unfit', why: 'user' } }, /another user/, /user, getToken/],
  ['another version', { outcome: { state: 'unfit', why: 'version' } }, /no version/, /Update/],
  ['a redirect, as a page sees it', { page: PAGE, exchange: exchange({ status: 0 }) }, /redirect/, /login/],
  ['a redirect, as Node sees it', { exchange: exchange({ status: 307 }) }, /redirect/, /https:/],
  ['a redirect that only the GET saw', { ...socket, reach: reached(301) }, /redirect/, /https:/],
  ['a stream that is held back', { outcome: ended('opened', 4012), exchange: exchange({ status: 200, type: 'text/event-stream' }) }, /held back/, /proxy_buffering off.*option http-no-delay/],
  ['a stream that has begun and says nothing', { outcome: silent('opened'), exchange: exchange({ status: 200, type: 'text/event-stream' }) }, /held back/, /proxy_buffering off/],
  ['a stream that does not begin, where polls work', { outcome: silent('nothing'), others: ['long-polling'] }, /held back/, /proxy_buffering off/],
  ['a page in place of the answer', { outcome: ended('nothing', 1008), exchange: exchange({ status: 200, type: 'text/html' }) }, /text\/html/, /route/],
  ['a page in place of a handshake', { ...socket, exchange: exchange({ address: WS, status: 200 }) }, /answers with 200/, /proxy_set_header Upgrade/],
  ['a handshake without an upgrade', { ...socket, exchange: exchange({ address: WS, status: 426 }) }, /426/, /proxy_set_header Upgrade/],
  ['a status that is not in the table', { exchange: exchange({ status: 418 }) }, /418/, /address/],
  ['a gateway that is not in the table', { exchange: exchange({ status: 599 }) }, /599.*proxy/, /Start the server/],
  ['garbage', { ...socket, outcome: ended('opened', 1007) }, /could not be read/, /another server/],
  ['what the GET was told', { ...socket, reach: unreached('ECONNREFUSED') }, /Nothing listens.*ECONNREFUSED/, /Start the server/],
  ['a server that is not there, for a page', { ...socket, page: PAGE, reach: unreached() }, /cannot be reached; a page is not told/, /Open https:\/\/api\.example in a tab/],
  ['a server that is not there, in Node', { reach: unreached() }, /cannot be reached; it is not told/, /curl/],
  ['a handshake that fails beside what works', { ...socket, page: PAGE, reach: reached(), others: ['sse', 'long-polling'] }, /sse and long-polling work/, /proxy_set_header Upgrade/],
  ['a handshake that fails, and nothing works', { ...socket, page: PAGE, reach: reached() }, /refuses the WebSocket handshake/, /network panel/],
  ['the status of the GET', { ...socket, reach: reached(404) }, /a plain GET gets 404/, /404 the path/],
  ['another origin that allows nothing', { page: PAGE, reach: reached() }, /CORS/, /`origins`/],
  ['no way over UDP', { transport: 'webrtc', exchange: exchange({ status: 201 }), outcome: silent('nothing') }, /UDP/, /TURN/],
  ['no offer', { transport: 'webrtc', exchange: null }, /offered/, /webrtc-internals/],
  ['an offer that another origin does not allow', { transport: 'webrtc', page: PAGE, exchange: exchange({ fault: '' }), reach: reached() }, /CORS/, /`origins`/],
  ['a transport of another make', { transport: 'own', exchange: null, reach: unreached() }, /https:\/\/api\.example cannot be reached/, /curl/],
  ['silence after the welcome', { outcome: silent('welcome') }, /not answered/, /proxy_request_buffering off/],
  ['silence after the opening', { ...socket, outcome: silent('opened') }, /no welcome/, /TLS/],
  ['a silent handshake beside what works', { ...socket, outcome: silent('nothing'), others: ['sse'] }, /although sse works/, /proxy_set_header Upgrade/],
  ['a silent request beside what works', { outcome: silent('nothing'), others: ['websocket'] }, /although websocket works/, /POST/],
  ['silence where something answers', { outcome: silent('nothing'), reach: reached(404) }, /gets 404.*stays silent/, /log/],
  ['silence', { outcome: silent('nothing'), reach: { state: 'silent' } }, /No answer came in time/, /firewall/],
  ['an end as soon as it had opened', { ...socket, outcome: ended('opened') }, /broke at once \(1006 abnormal\)/, /closes/],
  ['anything else', { ...socket, outcome: ended() }, /could not be used/, /network panel/],
]; // prettier-ignore

describe('what was seen says what is wrong', () => {
  it.each(table)('%s', (_what, seen, problem, remedy) => {
    const finding = findingOf({ ...common, ...seen });
    expect(finding?.problem).toMatch(problem);
    expect(finding?.remedy).toMatch(remedy);
  });

  it('nothing, where it works', () => {
    expect(findingOf({ ...common, outcome: { state: 'worked' } })).toBeNull();
  });

  it('a status by its number, with a remedy of its own', () => {
    const remedies = Object.keys(STATUSES).map((status) => {
      const finding = findingOf({ ...common, exchange: exchange({ status: Number(status) }) })!;
      expect(finding.problem).toContain(`${HTTP} was answered with ${status}: `);
      return finding.remedy;
    });
    expect(new Set(remedies).size).toBe(remedies.length);
  });

  it('an end that the server gave, in words', () => {
    for (const code of Object.keys(SESSION_ENDS)) {
      expect(findingOf({ ...common, outcome: refused(Number(code)) })!.problem).toBe(SESSION_ENDS[Number(code)]![0]);
    }
  });

  it.each([
    ['ENOTFOUND', /resolved/],
    ['EAI_AGAIN', /resolved/],
    ['ECONNREFUSED', /Nothing listens/],
    ['UND_ERR_CONNECT_TIMEOUT', /cannot be reached/],
    ['CERT_HAS_EXPIRED', /certificate/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /certificate/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /certificate/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /certificate/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /TLS failed/],
    ['EPROTO', /TLS failed/],
    ['HPE_INVALID_CONSTANT', /does not speak HTTP/],
    ['ECONNRESET', /broken off/],
    ['bad-port', /that port/],
  ])('an error of Node by its name: %s', (fault, problem) => {
    const finding = findingOf({ ...common, exchange: exchange({ fault }) })!;
    expect(finding.problem).toMatch(problem);
    expect(finding.problem).toContain(fault);
    expect(NETWORK_FAULTS.filter(([codes]) => codes.test(fault)).length).toBeGreaterThan(0);
  });

  it('a server on this machine is no mixed content', () => {
    const seen = { ...common, ...socket, page: 'https://localhost/', address: 'ws://127.0.0.1:8080/ws' };
    expect(findingOf(seen)!.problem).not.toMatch(/mixed/);
  });
});

it('there is something to say of whatever was seen', () => {
  const code = fc.constantFrom(1000, 1006, 1007, 1008, 1013, 4012, 4202, 4999);
  const after = fc.constantFrom<Stage>('nothing', 'opened', 'welcome');
  const fault = fc.constantFrom(null, '', 'ECONNREFUSED', 'EWHATEVER', 'redirect');
  const status = fc.constantFrom(null, 0, 101, 200, 201, 204, 302, 404, 418, 503);
  const evidence: fc.Arbitrary<Evidence> = fc.record({
    transport: fc.constantFrom('websocket', 'sse', 'long-polling', 'webrtc', 'own'),
    outcome: fc.oneof<fc.Arbitrary<Outcome>[]>(
      fc.constant({ state: 'unsupported' }),
      fc.record({ state: fc.constant('silent' as const), after }),
      fc.record({ state: fc.constant('ended' as const), after, code }),
      fc.record({ state: fc.constant('refused' as const), code }),
      fc.record({ state: fc.constant('unfit' as const), why: fc.constantFrom('user' as const, 'version' as const) }),
    ),
    address: fc.constantFrom(HTTP, WS, 'http://127.0.0.1:8080/realtime/sse'),
    exchange: fc.option(
      fc.record({ address: fc.constant(HTTP), status, type: fc.constantFrom(null, 'text/html', 'text/event-stream'), fault }),
    ),
    reach: fc.constantFrom(unasked, reached(), reached(404), reached(301), unreached(), unreached('ENOTFOUND'), {
      state: 'silent' as const,
    }),
    online: fc.boolean(),
    page: fc.constantFrom(null, PAGE, 'http://localhost/'),
    forbiddenBy: fc.constantFrom(null, 'connect-src'),
    others: fc.subarray(['websocket', 'sse', 'long-polling']),
  });
  fc.assert(
    fc.property(evidence, (seen) => {
      const { problem, remedy } = findingOf(seen)!;
      expect(problem).toMatch(/^[^?]+\.$/);
      expect(remedy).toMatch(/^[A-Z\w].{8,}/s);
      expect(problem).not.toMatch(/undefined|null|\[object|NaN/);
    }),
    { numRuns: 2000 },
  );
});

it.each([
  ['https://ada:secret@api.example:8443/a/b?token=x#y', 'https://api.example:8443/a/b'],
  ['/ws?token=x', 'https://base.example/ws'],
  ['http://[', 'https://base.example/'],
])('an address is told bare: %s', (address, told) => {
  expect(bare(address, 'https://base.example/')).toBe(told);
});
