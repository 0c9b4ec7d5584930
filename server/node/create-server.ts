import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Contract } from '../../src/contract/contract.ts';
import { createServerCore } from '../server.ts';
import type { ServerCore, ServerOptions, Untyped } from '../types.ts';
import { attach, type AttachOptions } from './attach.ts';

export interface Server<C extends Contract<C> = Untyped> extends ServerCore<C> {
  /**
   * WebSocket and HTTP under `path`, beside your own routes: what listens for `request`, now or later, does not see the
   * requests of the transports, for `server.emit` is wrapped.
   *
   * @returns a function that takes no more connections from there; those that are open stay
   * @throws TypeError for a path that does not begin with `/`, or ends with it
   */
  attach(server: HttpServer | HttpsServer, options?: AttachOptions): () => void;
}

/**
 * Nothing listens until `attach`. What no rule allows is forbidden.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createServer<C extends Contract<C> = Untyped>(options: ServerOptions<C>): Server<C> {
  const core = createServerCore<C>(options);
  const attached = new Set<() => void>();
  const close = async (): Promise<void> => {
    for (const detach of attached) detach();
    await core.close();
  };
  return {
    ...core,
    attach(server, attachOptions) {
      const undo = attach(core as unknown as ServerCore, server, attachOptions);
      const detach = (): void => {
        if (attached.delete(detach)) undo();
      };
      attached.add(detach);
      return detach;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
