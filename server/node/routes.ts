import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** What answers the requests for one path below the mount. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void;

export interface Routes {
  /** The mount, without a `/` at its end. */
  readonly path: string;
  /** By what follows the mount: `/poll`. */
  readonly bySuffix: ReadonlyMap<string, Route>;
  /** For another path below the mount, if nobody else listens. */
  readonly other: Route;
}

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Takes the requests for `routes` before the server's own listeners see them, whether these were added before or are added
 * later: Node calls all of them for each request, and the app's 404 would stand in our answer. So it is `emit` that is
 * wrapped. Taking the listeners off and calling them from here would lose those that come later, and `off` of those that
 * came before.
 *
 * @returns undoes it
 */
export function takeRequests(server: HttpServer | HttpsServer, { path, bySuffix, other }: Routes): () => void {
  const routeOf = ({ url = '' }: IncomingMessage): Route | undefined => {
    const pathname = url.split('?', 1)[0]!;
    if (!pathname.startsWith(`${path}/`)) return undefined;
    const nobody = server.listenerCount('request') === 0;
    return bySuffix.get(pathname.slice(path.length)) ?? (nobody ? other : undefined);
  };
  let state: 'on' | 'off' = 'on';
  const own = Object.hasOwn(server, 'emit');
  const before = server.emit as Emit;
  const wrapped: Emit = function (event, ...args) {
    // `checkContinue` comes instead where somebody listens for it.
    if (state === 'on' && (event === 'request' || event === 'checkContinue')) {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      const route = routeOf(request);
      if (route !== undefined) {
        if (event === 'checkContinue') response.writeContinue();
        route(request, response);
        return true;
      }
    }
    return before.call(this, event, ...args);
  };
  server.emit = wrapped;
  return () => {
    state = 'off';
    // Somebody may have wrapped it again since: then this one stays in the chain and passes everything on.
    if (server.emit !== wrapped) return;
    if (own) server.emit = before;
    else delete (server as { emit?: unknown }).emit;
  };
}
