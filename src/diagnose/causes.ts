/** Numbers and names that something on the way has given, and what they say. */
import { END } from '../protocol/end-codes.ts';

type Told = readonly [problem: string, remedy: string];

/** Of an answer without a `bye`: the word of something between, or of another server. */
export const STATUSES: Readonly<Record<number, Told>> = {
  400: ['something there does not understand the request', 'Check the address, and the log of what answers.'],
  401: [
    'something between wants a password',
    'Let what stands before the server (basic authentication, a login gateway) pass this path; Holdfast takes its token in the first message.',
  ],
  403: [
    'it is not allowed',
    'Add the origin of the page to `origins` of the server, and let the proxy keep the `Host` header; or a firewall forbids the path.',
  ],
  404: [
    'nothing is there',
    'Give `createClient` the path of `attach`, /realtime by default, without /ws; and let the proxy pass everything under it on.',
  ],
  405: ['the method is not allowed', 'Let the proxy or the framework pass POST on for this path: static file servers do not.'],
  407: ['a proxy wants its users to sign in', 'Sign in to the proxy of this network, or let it pass this host.'],
  411: ['the length of the body is missing', 'Let the proxy pass requests on as they are.'],
  413: ['the request is too large for something between', 'nginx: `client_max_body_size 1m;` for this path.'],
  415: ['the codec is not known there', 'Update the server, or give the client a codec that it has: json() always works.'],
  426: ['the server wants an upgrade that did not arrive', 'Let the proxy pass the upgrade on.'],
  429: ['too many requests', 'Wait; if it stays, raise the limit of what stands before the server.'],
  500: ['a fault of the server', 'Look at the log of the server.'],
  501: [
    'the server has no such transport',
    'For WebRTC: `npm install node-datachannel` on the server, and `attach(http, { webRTC: {} })`.',
  ],
  502: ['a proxy cannot reach the server', 'Start the server, and check address and port in the proxy.'],
  503: [
    'it is overloaded, draining or not started',
    'Try again in a moment; if it stays, look at the log of the server and at `limits.admitRate`.',
  ],
  504: ['a proxy waited for the server and gave up', 'Check that the server runs and that the proxy may connect to its port.'],
};

/** Ends that the server gave in words, by code. */
export const SESSION_ENDS: Readonly<Record<number, Told>> = {
  [END.tokenRejected]: [
    'The server does not accept the token.',
    'Return another one from `getToken`; if it should be good, look at why `authenticate` returned null.',
  ],
  [END.tokenExpired]: [
    'The token has ended.',
    'Return a fresh one from `getToken` when it is asked with `expired`, and compare the clocks of who signs it and of the server.',
  ],
  [END.forbidden]: [
    'The server does not take a page of this origin.',
    'Add the origin to `origins` of the server, and let a proxy before it keep the `Host` header.',
  ],
  [END.noCommonVersion]: ['Client and server share no version of the protocol.', 'Update the older one.'],
  [END.badFrame]: [
    'The server did not understand what it was sent.',
    'Update the older of client and server; if both are current, report it.',
  ],
  [END.limits]: [
    'The user has too many connections open.',
    'Raise `limits.connections` on the server, or find out why clients are made and not destroyed.',
  ],
  [END.tryLater]: [
    'The server takes nobody just now, or could not check the token.',
    'Try again in a moment; if it stays, look for `authenticate-failed` in its log and at `limits.admitRate`.',
  ],
  [END.goingAway]: ['The server is draining.', 'Try again in a moment.'],
  [END.restart]: ['The server restarts.', 'Try again in a moment.'],
  [END.invalidData]: [
    'What came could not be read.',
    'The address is that of another server, or something between changes what passes.',
  ],
};

/** Errors of Node, of undici and of TLS, by name. */
export const NETWORK_FAULTS: readonly (readonly [codes: RegExp, problem: string, remedy: string])[] = [
  [
    /^(ENOTFOUND|EAI_\w+)$/,
    'The name of the server cannot be resolved',
    'Check the host in the address, and the DNS of this machine.',
  ],
  [/^ECONNREFUSED$/, 'Nothing listens on that host and port', 'Start the server, and check host and port in the address.'],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)$/,
    'The host cannot be reached',
    'Check host and port, and whether a firewall or a VPN is in the way.',
  ],
  [
    /^(CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_CERT\w+|HOSTNAME_MISMATCH)$/,
    'The certificate of the server is not accepted',
    'Renew it, serve it with its whole chain and for this name; in Node a private authority is named by NODE_EXTRA_CA_CERTS.',
  ],
  [
    /^(EPROTO|ERR_SSL\w*|ERR_TLS\w*)$/,
    'TLS failed',
    'Check that the port speaks TLS, and that client and server share a version of it.',
  ],
  [
    /^bad-port$/,
    'Browsers and `fetch` connect to no server on that port',
    'Use another port: WHATWG Fetch, "port blocking", lists those that are blocked.',
  ],
  [/^HPE_\w+$/, 'What answers does not speak HTTP', 'Check the port in the address; a TLS port needs https:.'],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/,
    'The connection was broken off',
    'Look at the log of the server and of what stands between: a firewall that forbids the path does this, and so does a port that speaks TLS.',
  ],
];
