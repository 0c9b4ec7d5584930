import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { FrameWriter } from '../../../server/node/websocket.ts';

const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

/** Two ends of one TCP connection; the far one does not read yet. */
async function pipe(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await accepted) as [Socket];
  await once(near, 'connect');
  toClose.push(() => near.destroy(), () => far.destroy(), () => server.close()); // prettier-ignore
  return { near, far };
}

/** What a peer reads, as the payloads of its frames. */
async function read(far: Socket, bytes: number): Promise<readonly string[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  far.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  far.resume();
  while (size < bytes) await once(far, 'data');
  const all = Buffer.concat(chunks);
  const payloads: string[] = [];
  for (let at = 0; at < all.length;) {
    const short = all[at + 1]!;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length = short < 126 ? short : short === 126 ? all.readUInt16BE(at + 2) : all.readUInt32BE(at + 6);
    payloads.push(all.toString('utf8', start, start + length));
    at = start + length;
  }
  return payloads;
}

const sizeOf = (text: string): number => new FrameWriter().frame(text).length;

describe('FrameWriter', () => {
  it('overwrites nothing that still waits for a slow peer', async () => {
    const [slow, quick] = [await pipe(), await pipe()];
    const writer = new FrameWriter();
    const toSlow: string[] = [];
    const toQuick: string[] = [];
    const send = (socket: Socket, sent: string[], text: string): void => {
      writer.write(socket, text);
      sent.push(text);
    };
    let number = 0;
    // Until the system takes no more, and well beyond, with frames that fit the scratch memory and some that do not.
    for (let beyond = 0; beyond < 200; beyond += slow.near.writableLength > 0 ? 1 : 0) {
      number += 1;
      send(slow.near, toSlow, `${number} slow `.repeat(number % 50 === 0 ? 4000 : 1000));
      send(quick.near, toQuick, `${number} quick`);
    }
    expect(slow.near.writableLength).toBeGreaterThan(0);
    const total = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + sizeOf(text), 0);
    expect(await read(quick.far, total(toQuick))).toEqual(toQuick);
    expect(await read(slow.far, total(toSlow))).toEqual(toSlow);
  });

  it('one text for many, of whom some are slow, is the same for each', async () => {
    const pipes = [await pipe(), await pipe(), await pipe()];
    const writer = new FrameWriter();
    const texts: string[] = [];
    for (let beyond = 0; beyond < 50; beyond += pipes[0]!.near.writableLength > 0 ? 1 : 0) {
      texts.push(`${texts.length} to all `.repeat(1000));
      for (const { near } of pipes) writer.write(near, texts.at(-1)!);
    }
    const total = texts.reduce((sum, text) => sum + sizeOf(text), 0);
    for (const { far } of pipes) expect(await read(far, total)).toEqual(texts);
  });

  it('keeps its hands off what it gave to a stream that is no socket', async () => {
    const stream = new PassThrough();
    const writer = new FrameWriter();
    for (const text of ['one', 'two', 'three']) writer.write(stream, text);
    stream.end();
    expect(Buffer.concat(await stream.toArray()).toString('latin1')).toBe('\x81\x03one\x81\x03two\x81\x05three');
  });
});
