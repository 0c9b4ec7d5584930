import { type Context, createElement, useContext } from 'react';
import type { Client } from 'holdfast';
import type { Hooks } from './types.ts';

export type ClientContext = Context<Client | null>;

export function createProvider(context: ClientContext): Hooks['Provider'] {
  return ({ client, children }) => createElement(context.Provider, { value: client }, children);
}

/** Makes a hook of a client one of the client that the Provider around the component has. */
export function createBind(context: ClientContext) {
  return <A extends readonly unknown[], R>(hook: (client: Client, ...args: A) => R) =>
    (...args: A): R => {
      const client = useContext(context);
      if (client === null) throw new Error('There is no <Provider client={…}> around this component.');
      return hook(client, ...args);
    };
}
