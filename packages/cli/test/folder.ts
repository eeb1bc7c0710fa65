import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for the tests of one file, removed behind them. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chunker-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A tree with what archives care about: an executable, a link, an empty file and folder, names that sort by bytes. */
export function makeTree(at: string): string {
  mkdirSync(join(at, 'b', 'empty'), { recursive: true });
  writeFileSync(join(at, 'a.txt'), 'hello\n');
  writeFileSync(join(at, 'b', 'big'), noise(3_000_000));
  writeFileSync(join(at, 'b', 'again'), noise(3_000_000));
  writeFileSync(join(at, 'b', 'nothing'), '');
  writeFileSync(join(at, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(at, 'run.sh'), 0o755);
  symlinkSync('a.txt', join(at, 'link'));
  writeFileSync(join(at, '\u{1F980}'), 'crab');
  writeFileSync(join(at, '\uFFFD'), 'sorts before the crab by bytes');
  return at;
}
