#!/usr/bin/env node
import { serve } from './serve.ts';

const running = await serve(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});

if (typeof running === 'number') process.exitCode = running;
else {
  let stopping = false;
  const stop = (): void => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    void running.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
