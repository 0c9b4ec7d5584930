/** 10,000 messages a second into a conflated list, for a minute: long tasks, and what the page holds, every 5 s. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'browser', 'test/browser/flow.test.ts'];
const env = { ...process.env, HOLDFAST_FLOW_SECONDS: process.env['HOLDFAST_FLOW_SECONDS'] ?? '60' };
const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit', env }), 'exit');
process.exitCode = code;
