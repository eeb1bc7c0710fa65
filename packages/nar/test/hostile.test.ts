// What no two readers may see differently: each archive made by rule breaks at the judge's rule and place in every way of reading, in any pieces; what is still an archive packs to the same bytes, here and at Nix.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { isChunkerError } from '@chunker/core';
import { expect, test } from 'vitest';
import { catNar, checkedNar, listNar, NarParser, type NarSource, readNar, unpackNar, verifyNar } from '../src/index.js';
import { Folder, haveNix, nixDump, pack } from './folder.js';
import { hostileArchives } from './hostile.js';
import { judge } from './reference.js';

const archives = [...new Map([...hostileArchives()].map((archive) => [archive.bytes.toString('latin1'), archive])).values()];

/** Texts, for they are compared by the ten thousand. */
function judged(bytes: Uint8Array): string {
  const { broken } = judge(bytes);
  return broken === undefined ? 'accepted' : `${broken.code} at ${broken.offset}`;
}

function failed(error: unknown): string {
  if (!isChunkerError(error)) throw error;
  return `${error.code} at ${(error.details as { offset?: number }).offset}`;
}

function parsed(bytes: Uint8Array, step: number, wanted: boolean): string {
  const handler = { directory() {}, file: () => wanted, contents() {}, symlink() {}, end() {} };
  const parser = new NarParser(handler);
  try {
    for (let at = 0; at < bytes.length; at += step) parser.feed(bytes.subarray(at, at + step));
    parser.finish();
    return 'accepted';
  } catch (error) {
    return failed(error);
  }
}

async function drained(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pieces);
}

test('in any pieces', () => {
  const codes = new Set<string>();
  for (const { what, bytes } of archives) {
    const expected = judged(bytes);
    codes.add(expected.split(' ')[0] as string);
    for (const step of [bytes.length + 1, 8, 1 + (bytes.length % 61)]) {
      const found = parsed(bytes, step, step === 8);
      if (found !== expected) expect(found, `${what}, pieces of ${step}`).toBe(expected);
    }
  }
  expect(archives.length).toBeGreaterThan(6000);
  // Each rule of the format, the end too early, something behind the end, and no break at all.
  expect(codes.size).toBe(22);
});

test('in every way of reading', async () => {
  const folder = new Folder();
  const target = folder.at('target');
  const ways: ((source: NarSource) => Promise<unknown>)[] = [
    (source) => verifyNar(source),
    (source) => listNar(source),
    (source) => drained(readNar(source)),
    (source) => drained(checkedNar(source)),
    (source) => drained(catNar(source, 'not/there')),
    (source) => unpackNar(source, target),
  ];
  try {
    for (const [index, { what, bytes }] of archives.entries()) {
      // Each archive one way: so each way meets every sort of change.
      const way = ways[index % ways.length] as (typeof ways)[number];
      const source = index % 4 === 0 ? bytes : [bytes.subarray(0, index % 97), bytes.subarray(index % 97)];
      const found = await way(source).then(() => 'accepted', failed);
      const expected = judged(bytes);
      // What is looked for is in none of them: told of those that are well formed to their end.
      const told = found.startsWith('not_found') ? 'accepted' : found;
      if (told !== expected) expect(told, what).toBe(expected);
      if (way !== ways.at(-1)) continue;
      if (found === 'accepted') {
        expect((await pack(target)).equals(bytes), what).toBe(true);
        execFileSync('rm', ['-rf', target]);
      }
      expect(readdirSync(folder.path), what).toEqual([]);
    }
  } finally {
    folder.dispose();
  }
});

test.skipIf(!haveNix)('Nix restores what is accepted, and dumps the same', () => {
  const folder = new Folder();
  let count = 0;
  try {
    const accepted = archives.filter(({ bytes }) => judged(bytes) === 'accepted');
    for (const { what, bytes } of accepted.filter((_, index) => index % 25 === 0)) {
      execFileSync('nix-store', ['--restore', folder.at('tree')], { input: bytes, stdio: ['pipe', 'ignore', 'ignore'] });
      expect(nixDump(folder.at('tree')).equals(bytes), what).toBe(true);
      execFileSync('rm', ['-rf', folder.at('tree')]);
      count++;
    }
    expect(count).toBeGreaterThan(5);
  } finally {
    folder.dispose();
  }
});
