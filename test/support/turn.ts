import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TurnServer extends AsyncDisposable {
  readonly iceServer: { readonly urls: string; readonly username: string; readonly credential: string };
}

/** `npm test` has found or installed one. */
const PROGRAM = process.env['HOLDFAST_TURN'] ?? '/usr/bin/turnserver';

/** A relay (RFC 8656) on loopback. */
export async function startTurnServer(): Promise<TurnServer> {
  if (!existsSync(PROGRAM)) throw new Error(`There is no ${PROGRAM}: apt-get install coturn`);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-turn-'));
  const port = await freePort();
  const program = spawn(
    PROGRAM,
    [
      ...['-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`, '--no-tls', '--no-dtls'],
      ...['--lt-cred-mech', '--user=page:secret', '--realm=holdfast.test', '--allow-loopback-peers', '--no-cli'],
      ...['--log-file=stdout', '--simple-log', '--verbose', `--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'db')}`],
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  const gone = new Promise<void>((resolve) => program.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    program.once('error', reject);
    void gone.then(() => reject(new Error(`turnserver ended:\n${log}`)));
    program.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (/UDP listener opened on/.test(log)) resolve();
    });
  });
  return {
    iceServer: { urls: `turn:127.0.0.1:${port}?transport=udp`, username: 'page', credential: 'secret' },
    async [Symbol.asyncDispose]() {
      program.kill();
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
