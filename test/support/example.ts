/** One of the folders of examples/, as `npm run example` makes and serves it. */
// @ts-expect-error -- plain JavaScript, which Node runs as it is
import { startExample as startUntyped } from '../../examples/serve.mjs';
// @ts-expect-error -- plain JavaScript, which Node runs as it is
import { buildExample as buildUntyped } from '../../scripts/example.mjs';

export interface Example {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export const startExample = startUntyped as (name: string, options: { readonly port: number }) => Promise<Example>;
/** Of those that are made with Vite. */
export const buildExample = buildUntyped as (name: string) => Promise<void>;
