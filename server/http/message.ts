import type { Services } from '../services.ts';
import { inflate } from './body.ts';
import type { Exchange } from './exchange.ts';
import { BROKEN, CODING, LATE, type Refusal, tooBig } from './refusals.ts';

export interface Message {
  /** null: it says that it is gzip and is not. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** As it came. */
  readonly size: number;
}

/** The body of a request, bounded in size and time. */
export async function readMessage(
  exchange: Exchange,
  { environment, limits, timing }: Pick<Services, 'environment' | 'limits' | 'timing'>,
): Promise<Message | Refusal> {
  const most = limits.message;
  const coding = exchange.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  const { gunzip } = environment;
  const zipped = coding === 'gzip' && gunzip !== null;
  if (!zipped && coding !== 'identity') return CODING;
  if (Number(exchange.header('content-length') ?? 0) > most) return tooBig(most);
  const read = exchange.read(most);
  const body = await new Promise<Uint8Array<ArrayBuffer> | Refusal>((resolve) => {
    const timer = environment.setTimeout(() => resolve(LATE), timing.openTimeout);
    const settle = (result: Uint8Array<ArrayBuffer> | Refusal): void => {
      environment.clearTimeout(timer);
      resolve(result);
    };
    read.then(
      (bytes) => settle(bytes ?? tooBig(most)),
      () => settle(BROKEN),
    );
  });
  if ('status' in body) return body;
  if (!zipped) return { bytes: body, size: body.length };
  try {
    const bytes = await inflate(body, most, gunzip());
    return bytes === null ? tooBig(most) : { bytes, size: body.length };
  } catch {
    return { bytes: null, size: body.length };
  }
}
