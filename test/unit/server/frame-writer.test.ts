import { once } from 'node:events';
import { type AddressInfo, Socket, connect, createServer } from 'node:net';
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

/** Not by `drain`, which comes only after a full buffer. */
async function taken(near: Socket): Promise<void> {
  while (near.writableLength > 0) await new Promise(setImmediate);
}

/** What a peer reads from now on. */
function listen(far: Socket): { payloads(bytes: number): Promise<readonly string[]> } {
  const chunks: Buffer[] = [];
  let size = 0;
  far.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  far.resume();
  return {
    async payloads(bytes) {
      while (size < bytes) await once(far, 'data');
      return payloadsOf(Buffer.concat(chunks));
    },
  };
}

function payloadsOf(bytes: Buffer): readonly string[] {
  const payloads: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]!;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    payloads.push(bytes.toString('utf8', start, start + length));
    at = start + length;
  }
  return payloads;
}

const total = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + new FrameWriter().frame(text).length, 0);

describe('FrameWriter', () => {
  it('overwrites nothing that still waits for a slow peer', async () => {
    const [slow, quick] = [await pipe(), await pipe()];
    const atQuick = listen(quick.far);
    const writer = new FrameWriter();
    const toSlow: string[] = [];
    const toQuick: string[] = [];
    // Until the system takes no more, and well beyond, with frames that fit the scratch memory and some that do not.
    for (let beyond = 0; beyond < 200; beyond += slow.near.writableLength > 0 ? 1 : 0) {
      toSlow.push(`${toSlow.length} slow `.repeat(toSlow.length % 50 === 0 ? 4000 : 1000));
      writer.write(slow.near, toSlow.at(-1)!);
      toQuick.push(`${toQuick.length} quick `.repeat(1000));
      writer.write(quick.near, toQuick.at(-1)!);
      await taken(quick.near);
    }
    expect(await atQuick.payloads(total(toQuick))).toEqual(toQuick);
    expect(await listen(slow.far).payloads(total(toSlow))).toEqual(toSlow);
  });

  it('one text for many, of whom some are slow, is the same for each', async () => {
    const pipes = [await pipe(), await pipe(), await pipe()];
    const quick = listen(pipes[1]!.far);
    const writer = new FrameWriter();
    const texts: string[] = [];
    for (let beyond = 0; beyond < 50; beyond += pipes[0]!.near.writableLength > 0 ? 1 : 0) {
      texts.push(`${texts.length} to all `.repeat(1000));
      for (const { near } of pipes) writer.write(near, texts.at(-1)!);
      await taken(pipes[1]!.near);
    }
    const bytes = total(texts);
    expect(await quick.payloads(bytes)).toEqual(texts);
    for (const { far } of [pipes[0]!, pipes[2]!]) expect(await listen(far).payloads(bytes)).toEqual(texts);
  });

  it('gives a peer that is behind no more memory than its frames have', () => {
    const given: Buffer[] = [];
    const socket = (writableLength: number): Socket =>
      Object.create(Socket.prototype, {
        writableLength: { value: writableLength },
        write: { value: (frame: Buffer) => given.push(frame) },
      });
    const writer = new FrameWriter();
    writer.write(socket(0), 'the same for both');
    writer.write(socket(1000), 'the same for both');
    writer.write(socket(1000), 'for one');
    expect(given.map((frame) => frame.buffer.byteLength > frame.length)).toEqual([true, false, false]);
  });

  it('keeps its hands off what it gave to a stream that is no socket', async () => {
    const stream = new PassThrough();
    const writer = new FrameWriter();
    for (const text of ['one', 'two', 'three']) writer.write(stream, text);
    stream.end();
    expect(Buffer.concat(await stream.toArray()).toString('latin1')).toBe('\x81\x03one\x81\x03two\x81\x05three');
  });
});
