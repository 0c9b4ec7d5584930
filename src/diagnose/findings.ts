/** From what was seen to what is wrong and how to mend it. A table: the first row that fits is the finding. */
import { END, endRule } from '../protocol/end-codes.ts';
import type { Evidence, Exchange } from './evidence.ts';
import { NETWORK_FAULTS, SESSION_ENDS, STATUSES } from './causes.ts';
import { BUFFERING, PANEL, UPGRADE } from './remedies.ts';

export interface Finding {
  readonly problem: string;
  readonly remedy: string;
}

interface Row {
  readonly fits: (seen: Evidence) => boolean;
  readonly tell: (seen: Evidence) => Finding;
}

const isHttp = ({ transport }: Evidence): boolean => transport !== 'websocket';
const isSocket = ({ transport }: Evidence): boolean => transport === 'websocket';
const origin = (seen: Evidence): string => {
  const { protocol, host } = new URL(seen.address);
  return `${protocol}//${host}`;
};
const statusOf = ({ exchange }: Evidence): number => exchange?.status ?? 0;
/** Neither opened nor answered. */
const failed = ({ outcome, exchange }: Evidence): boolean =>
  outcome.state === 'ended' && outcome.after === 'nothing' && statusOf({ exchange } as Evidence) === 0;

/** A page on https may not use what is not, but for this machine itself (W3C Mixed Content). */
function isMixed({ page, address }: Evidence): boolean {
  if (page === null || !page.startsWith('https:')) return false;
  const { protocol, hostname } = new URL(address);
  return /^(http|ws):$/.test(protocol) && !/^(localhost|.+\.localhost|127\..+|\[::1\])$/.test(hostname);
}

const NEEDS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  websocket: ['WebSocket', 'Use Node 22 or later, or give one: `environment: { WebSocket }`.'],
  webrtc: ['WebRTC', 'Nothing to do: the other transports carry. In Node give one: `environment: { RTCPeerConnection }`.'],
};

const ROWS: readonly Row[] = [
  {
    fits: ({ outcome }) => outcome.state === 'unsupported',
    tell({ transport }) {
      const [what, remedy] = NEEDS[transport] ?? ['fetch', 'Give one: `environment: { fetch }`.'];
      return { problem: `This platform has no ${what}.`, remedy };
    },
  },
  {
    fits: ({ online }) => !online,
    tell: () => ({ problem: 'The browser says that there is no network.', remedy: 'Connect to a network and diagnose again.' }),
  },
  {
    fits: ({ forbiddenBy }) => forbiddenBy !== null,
    tell: (seen) => ({
      problem: `The Content Security Policy of the page forbids it (${seen.forbiddenBy}).`,
      remedy: `Add ${origin(seen)} to \`connect-src\` in the page's Content-Security-Policy${isSocket(seen) ? ": not every browser takes 'self' to mean a WebSocket" : ''}.`,
    }),
  },
  {
    fits: (seen) => isMixed(seen) && seen.outcome.state !== 'refused',
    tell: (seen) => ({
      problem: `A page on https: may not connect to ${origin(seen)}, which is not encrypted (mixed content).`,
      remedy: 'Serve the realtime server with TLS and give its address with https:.',
    }),
  },
  { fits: ({ outcome }) => outcome.state === 'refused', tell: ({ outcome }) => sessionEnd('code' in outcome ? outcome.code : 0) },
  {
    fits: ({ outcome }) => outcome.state === 'unfit' && outcome.why === 'user',
    tell: () => ({
      problem: 'The token is good, but it is that of another user than the client was made for.',
      remedy: 'Give the client the id that `authenticate` names: `createClient(url, { user, getToken })`.',
    }),
  },
  {
    fits: ({ outcome }) => outcome.state === 'unfit',
    tell: () => sessionEnd(END.noCommonVersion),
  },
  {
    fits: ({ exchange, reach }) =>
      isRedirect(exchange) || (exchange?.status === null && reach.state === 'reached' && isFurther(reach.status)),
    tell: ({ address }) => ({
      problem: `${address} answers with a redirect. The client follows none.`,
      remedy:
        'Give the address it leads to, with https: if that is all that changes; or sign in, if a login page of the network stands in between.',
    }),
  },
  {
    fits: ({ outcome }) => outcome.state === 'ended' && outcome.code === END.buffered,
    tell: () => HELD_BACK,
  },
  {
    fits: ({ outcome, exchange }) => outcome.state === 'silent' && outcome.after === 'opened' && isStream(exchange),
    tell: () => HELD_BACK,
  },
  {
    fits: (seen) => isSocket(seen) && statusOf(seen) >= 200 && statusOf(seen) < 300,
    tell: (seen) => ({
      problem: `${seen.address} answers with ${statusOf(seen)}, as if no WebSocket had been asked for.`,
      remedy: `Another route answers there, or a proxy takes the upgrade away. ${UPGRADE}`,
    }),
  },
  {
    fits: (seen) => isHttp(seen) && statusOf(seen) === 200 && seen.outcome.state === 'ended' && seen.outcome.after === 'nothing',
    tell: ({ address, exchange }) => ({
      problem: `${address} answers with ${exchange?.type ?? 'no content type'}, which is not of this protocol.`,
      remedy:
        'Something else answers there, a page or a login of the network: check the address, and that the route of the server comes before one that answers everything.',
    }),
  },
  {
    fits: (seen) => statusOf(seen) >= 300,
    tell: (seen) => statusFinding(seen, statusOf(seen), seen.address),
  },
  {
    fits: ({ outcome }) => outcome.state === 'ended' && outcome.code === END.invalidData,
    tell: () => sessionEnd(END.invalidData),
  },
  {
    fits: ({ exchange }) => networkFault(exchange?.fault) !== null,
    tell: ({ exchange }) => networkFault(exchange?.fault)!,
  },
  {
    fits: ({ transport, outcome, exchange }) =>
      transport === 'webrtc' &&
      'after' in outcome &&
      outcome.after === 'nothing' &&
      (exchange === null || exchange.status === 201),
    tell: ({ exchange }) =>
      exchange?.status === 201
        ? {
            problem: 'The offer was accepted, but no way to the server over UDP was found.',
            remedy:
              'Open the UDP ports of the server and give it its public address, or add a TURN server to `iceServers`. The other transports carry meanwhile.',
          }
        : {
            problem: 'No connection could be offered.',
            remedy: 'Open chrome://webrtc-internals or about:webrtc, and diagnose again, to see how far it comes.',
          },
  },
  // ---- a browser tells a page only that it failed: what a plain GET met decides ------------------------------------------
  {
    fits: (seen) => failed(seen) && networkFault(faultOf(seen)) !== null,
    tell: (seen) => networkFault(faultOf(seen))!,
  },
  {
    fits: (seen) => failed(seen) && seen.reach.state === 'failed',
    tell: (seen) => ({
      problem: `${origin(seen)} cannot be reached; ${seen.page === null ? 'it is not told' : 'a page is not told'} whether by DNS, TLS, a refusal or a firewall.`,
      remedy: `${seen.page === null ? 'Call `curl -v` with' : 'Open'} ${origin(seen).replace(/^ws/, 'http')}${seen.page === null ? ': it names the cause.' : ' in a tab: the browser names the cause there.'}`,
    }),
  },
  {
    fits: (seen) => failed(seen) && isSocket(seen) && seen.others.length > 0,
    tell: (seen) => ({
      problem: `The server is there (${worksBeside(seen)}), but the WebSocket handshake is refused: most likely by a proxy that passes no upgrade on.`,
      remedy: `${UPGRADE} ${PANEL}`,
    }),
  },
  {
    fits: (seen) => failed(seen) && isSocket(seen) && seen.reach.state === 'reached',
    tell: ({ reach }) => ({
      problem: `Something answers at this address${saying(reach)}, but refuses the WebSocket handshake: a wrong path, an origin that is not allowed, or a proxy that passes no upgrade on.`,
      remedy: `${PANEL} ${UPGRADE}`,
    }),
  },
  {
    fits: (seen) => failed(seen) && isHttp(seen) && seen.page !== null && seen.reach.state === 'reached',
    tell: (seen) => ({
      problem: `${origin(seen)} is there, but the browser gives its answer to no page of ${new URL(seen.page!).origin} (CORS).`,
      remedy:
        'Add the origin of the page to `origins` of the server; if it is there, a proxy answers in its place or takes the Access-Control headers away.',
    }),
  },
  {
    fits: ({ outcome }) => outcome.state === 'silent' && outcome.after === 'welcome',
    tell: ({ address, transport }) => ({
      problem: `The server said welcome, but what is sent over ${transport} is not answered.`,
      remedy: `Something between holds back what is sent: look whether ${address} gets through the proxy and is not gathered there (nginx: \`proxy_request_buffering off\`).`,
    }),
  },
  {
    fits: ({ outcome }) => outcome.state === 'silent' && outcome.after === 'opened',
    tell: () => ({
      problem: 'It opened, but no welcome came.',
      remedy:
        'Something between passes the opening on and swallows what follows: serve it with TLS, which most of these leave alone. If it happens without a proxy too, `authenticate` on the server is slow.',
    }),
  },
  {
    fits: ({ outcome, transport, others }) =>
      outcome.state === 'silent' && transport === 'sse' && others.includes('long-polling'),
    tell: () => HELD_BACK,
  },
  {
    fits: ({ outcome, others }) => outcome.state === 'silent' && others.length > 0,
    tell: (seen) => ({
      problem: `No answer came in time from ${seen.address}, although ${worksBeside(seen)}.`,
      remedy: isSocket(seen)
        ? `A proxy holds the upgrade back or drops it. ${UPGRADE}`
        : 'Let what stands between pass POST on under this path; and update a server that has no HTTP transports yet.',
    }),
  },
  {
    fits: ({ outcome, reach }) => outcome.state === 'silent' && reach.state === 'reached',
    tell: ({ address, reach }) => ({
      problem: `Something answers at this address${saying(reach)}, but not to this: ${address} stays silent.`,
      remedy: 'Look at the log of the server and of the proxy before it: does the request arrive, and is it passed on?',
    }),
  },
  {
    fits: ({ outcome }) => outcome.state === 'silent',
    tell: ({ address }) => ({
      problem: `No answer came in time from ${address}.`,
      remedy: 'Check host and port; a firewall that drops packets looks like this, and so does a server that hangs.',
    }),
  },
  {
    fits: ({ outcome }) => outcome.state === 'ended' && outcome.after !== 'nothing',
    tell: ({ outcome, address }) => ({
      problem: `It opened and broke at once (${nameOf(outcome)}).`,
      remedy: `Look at the log of what stands between: something closes ${address} as soon as it is used.`,
    }),
  },
];

const HELD_BACK: Finding = {
  problem: 'The event stream is held back by something between, which gathers an answer before it passes it on.',
  remedy: BUFFERING,
};

/** @returns null if it works */
export function findingOf(seen: Evidence): Finding | null {
  if (seen.outcome.state === 'worked') return null;
  return (
    ROWS.find(({ fits }) => fits(seen))?.tell(seen) ?? {
      problem: `${seen.address} could not be used (${nameOf(seen.outcome)}).`,
      remedy: isSocket(seen) ? PANEL : 'Look for this request in the network panel of the browser, or in the log of the server.',
    }
  );
}

function nameOf(outcome: Evidence['outcome']): string {
  return 'code' in outcome ? `${outcome.code} ${endRule(outcome.code).name}` : outcome.state;
}

function sessionEnd(code: number): Finding {
  const { name } = endRule(code);
  const [problem, remedy] = SESSION_ENDS[code] ?? [
    `The server ended it (${code} ${name}).`,
    'See the table of ends in the troubleshooting guide, and the log of the server.',
  ];
  return { problem, remedy };
}

function statusFinding({ transport }: Evidence, status: number, address: string): Finding {
  const [what, remedy] = STATUSES[status] ?? (status >= 500 ? STATUSES[502]! : STATUSES[400]!);
  const upgrade = transport === 'websocket' && (status === 400 || status === 404 || status === 426 || status >= 502);
  return { problem: `${address} was answered with ${status}: ${what}.`, remedy: upgrade ? `${remedy} ${UPGRADE}` : remedy };
}

function networkFault(fault: string | null | undefined): Finding | null {
  const found = fault ? NETWORK_FAULTS.find(([codes]) => codes.test(fault)) : undefined;
  return found === undefined ? null : { problem: `${found[1]} (${fault}).`, remedy: found[2] };
}

function faultOf({ reach }: Evidence): string | null {
  return reach.state === 'failed' ? reach.fault : null;
}

function worksBeside({ others }: Evidence): string {
  return `${others.join(' and ')} ${others.length === 1 ? 'works' : 'work'}`;
}

function saying(reach: Evidence['reach']): string {
  return reach.state === 'reached' && reach.status !== null ? ` (a plain GET gets ${reach.status})` : '';
}

function isStream(exchange: Exchange | null): boolean {
  return exchange?.type === 'text/event-stream' && exchange.status === 200;
}

function isRedirect(exchange: Exchange | null): boolean {
  const status = exchange?.status ?? null;
  // 0: a page is shown a redirect that it does not follow as an answer without a status (WHATWG Fetch, opaque-redirect).
  return status === 0 || isFurther(status) || exchange?.fault === 'redirect';
}

function isFurther(status: number | null): boolean {
  return status !== null && status >= 300 && status < 400;
}
