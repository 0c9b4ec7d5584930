/**
 * One contract types the client, the hooks and the server. Types only: what a name, an event or a payload may be, as an app
 * declares it once. A contract types; it does not authorise.
 */
import type { Checks } from './checks.ts';
import type { StandardSchema } from './schema.ts';

/** What one channel pattern carries. Every key is optional; interfaces and type aliases both work. */
export interface ChannelTypes {
  /** Logged events: ordered, kept in the channel's log, sent with `publish`. */
  readonly events?: object;
  /** Volatile events: at most once, never stored, sent with `publishVolatile`. */
  readonly volatile?: object;
  /** The data of a presence member. */
  readonly presence?: unknown;
  /** What the snapshot loader of this pattern returns as `data`. */
  readonly snapshot?: unknown;
}

export interface RequestTypes {
  readonly params?: unknown;
  readonly result?: unknown;
}

/**
 * The shape that a contract must have. F-bounded (`C extends Contract<C>`), so that interfaces need no index signature and a
 * mistake is told at the key that holds it.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Contract<C = any> {
  readonly channels?: { readonly [P in keyof ChannelsOf<C>]: ChannelTypes };
  readonly requests?: { readonly [M in keyof RequestsOf<C>]: RequestTypes };
  /** Server only: what `authenticate` returns. */
  readonly user?: { readonly id: string };
}

/* eslint-disable @typescript-eslint/no-explicit-any -- `unknown` would need a cast in every handler of an app without a contract */
/** The contract of a client that was given none: every name is allowed and payloads are `any`. */
export interface Untyped {
  readonly channels: { readonly [pattern: string]: UntypedChannel };
  readonly requests: { readonly [method: string]: { readonly params: any; readonly result: any } };
  readonly user: { readonly id: string; readonly [key: string]: any };
}
interface UntypedChannel {
  readonly events: { readonly [event: string]: any };
  readonly volatile: { readonly [event: string]: any };
  readonly presence: any;
  readonly snapshot: any;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

// ---- look-ups ----------------------------------------------------------------------------------------------------------------

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- of which `keyof` is never
type None = {};
/** `any` reads as Untyped, so that helpers may take `Channel<any, any>`. */
type Given<C> = 0 extends 1 & C ? Untyped : C;
export type ChannelsOf<C> = Given<C> extends { readonly channels: infer T } ? T : None;
export type RequestsOf<C> = Given<C> extends { readonly requests: infer T } ? T : None;
export type UserOf<C> = Given<C> extends { readonly user: infer T extends { readonly id: string } } ? T : { readonly id: string };

/** The patterns of a contract, as written: `'room:{id}'`. */
export type Pattern<C> = keyof ChannelsOf<C> & string;
/** The names that fit some pattern of a contract: `` `room:${string}` ``. A `{param}` fills one whole `:` segment. */
export type ChannelName<C> = Name<Pattern<C>>;
type Name<P extends string> = P extends `${infer A}{${string}}${infer B}` ? `${A}${string}${Name<B>}` : P;

/** The one pattern that a name belongs to; literal segments win over parameters, as on the server. */
export type PatternOf<C, N extends string> =
  string extends Pattern<C> ? string : N extends `${string}{${string}` ? never : N extends Pattern<C> ? N : Fits<N, Pattern<C>>;
type Fits<N extends string, P extends string> = P extends P
  ? N extends Name<P>
    ? Match<N, P> extends true
      ? P
      : never
    : never
  : never;
type Match<N extends string, P extends string> = P extends `${infer A}:${infer PT}`
  ? N extends `${infer B}:${infer NT}`
    ? Segment<B, A> extends true
      ? Match<NT, PT>
      : false
    : false
  : N extends `${string}${':' | '{'}${string}`
    ? false
    : Segment<N, P>;
type Segment<N, P> = P extends `{${string}}` ? true : N extends P ? true : false;

/** `N`; for a name such as 'room:1:2' that only looks right, a sentence, so that the error says it. */
export type Fitting<C, N extends string> = [PatternOf<C, N>] extends [never]
  ? `no channel pattern of the contract fits '${N}'`
  : N;

/** `{ id: string }` for `'room:{id}'`. */
export type Params<P extends string> = string extends P
  ? { readonly [name: string]: string }
  : { readonly [K in ParamName<P>]: string };
type ParamName<P extends string> = P extends `${string}{${infer K}}${infer Rest}` ? K | ParamName<Rest> : never;

type Part<C, P extends Pattern<C>, K extends string> = ChannelsOf<C>[P] extends { readonly [X in K]: infer T } ? T : None;
export type Logged<C, P extends Pattern<C>> = Part<C, P, 'events'>;
export type Volatile<C, P extends Pattern<C>> = Part<C, P, 'volatile'>;
export type Everything<C, P extends Pattern<C>> = Logged<C, P> & Volatile<C, P>;
export type PresenceOf<C, P extends Pattern<C>> = ChannelsOf<C>[P] extends { readonly presence: infer T } ? T : never;
export type SnapshotOf<C, P extends Pattern<C>> = ChannelsOf<C>[P] extends { readonly snapshot: infer T } ? T : undefined;

/** The wire carries what was published (In); handlers get what the validator returns (Out). Without one they are equal. */
export interface Io<In, Out> {
  readonly '~in': In;
  readonly '~out': Out;
}
export type In<T> = T extends Io<infer I, unknown> ? I : T;
export type Out<T> = T extends Io<unknown, infer O> ? O : T;

/** `(data, options?)`; when the payload may be undefined or void, `(data?, options?)`. */
export type Args<Payload, Options> = undefined extends Payload
  ? [data?: Payload, options?: Options]
  : [data: Payload, options?: Options];
export type RequestParams<C, M extends keyof RequestsOf<C>> = RequestsOf<C>[M] extends { readonly params: infer T }
  ? T
  : undefined;
export type RequestResult<C, M extends keyof RequestsOf<C>> = RequestsOf<C>[M] extends { readonly result: infer T }
  ? T
  : undefined;

// ---- the same contract as a value ------------------------------------------------------------------------------------------------

/* eslint-disable @typescript-eslint/no-explicit-any -- a schema of `unknown` would take none: its input is contravariant */
export interface ContractSchemas {
  readonly channels?: { readonly [pattern: string]: ChannelSchemas };
  readonly requests?: { readonly [method: string]: RequestSchemas };
}
export interface ChannelSchemas {
  readonly events?: Schemas;
  readonly volatile?: Schemas;
  readonly presence?: StandardSchema<any, any>;
  readonly snapshot?: StandardSchema<any, any>;
}
export interface RequestSchemas {
  readonly params?: StandardSchema<any, any>;
  readonly result?: StandardSchema<any, any>;
}
export interface Schemas {
  readonly [name: string]: StandardSchema<any, any>;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/** What `defineContract` returns; give it as `contract` to client and server. */
export interface ContractValue<C> {
  readonly schemas: ContractSchemas;
  /** On the value, so that a client without one bundles nothing of it. */
  readonly '~checks': Checks;
  readonly '~contract'?: C;
}
export type FromSchemas<S> = {
  readonly [K in keyof S]: S[K] extends StandardSchema<infer I, infer O>
    ? Io<I, O>
    : S[K] extends object
      ? FromSchemas<S[K]>
      : S[K];
};
/** The contract type of a contract value: `type App = ContractType<typeof contract>`. */
export type ContractType<V> = V extends ContractValue<infer C> ? C : never;
