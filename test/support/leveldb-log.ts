/**
 * Chromium keeps IndexedDB in LevelDB, whose log it goes on with after a restart (`reuse_logs`), also behind a record that was
 * only half written when it was killed. At the next restart that record has a wrong checksum, and Chromium deletes the whole
 * database, strict transactions and all. No page can do anything about that, so tests that kill a browser take the half record
 * away, which nobody was told of.
 *
 * @see https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
import { existsSync, readFileSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = 32_768;
/** Checksum, 4 bytes; length, 2; type, 1. */
const HEADER = 7;
const TYPE = { full: 1, first: 2, middle: 3, last: 4 };

/** Where the last whole record of a log ends. */
export function wholeLength(log: Buffer): number {
  let whole = 0;
  let at = 0;
  while (at + HEADER <= log.length) {
    const left = BLOCK - (at % BLOCK);
    // Nothing begins where no header fits.
    if (left < HEADER) {
      at += left;
      continue;
    }
    const end = at + HEADER + log.readUInt16LE(at + 4);
    const type = log[at + 6]!;
    if (end > log.length || type < TYPE.full || type > TYPE.last) break;
    if (type === TYPE.full || type === TYPE.last) whole = end;
    at = end;
  }
  return whole;
}

/** Of every database in a profile whose browser was killed. @returns how many ended in the middle of a record */
export function mendLogs(profile: string): number {
  const folder = join(profile, 'Default', 'IndexedDB');
  let mended = 0;
  if (!existsSync(folder)) return 0;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.log')) continue;
    const log = readFileSync(join(folder, file));
    const whole = wholeLength(log);
    // A block may end in a few bytes that hold nothing.
    if (log.subarray(whole).every((byte) => byte === 0)) continue;
    truncateSync(join(folder, file), whole);
    mended += 1;
  }
  return mended;
}
