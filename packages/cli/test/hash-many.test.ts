import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunker, shell } from './command.js';
import { noise, testFolder } from './folder.js';

const folder = testFolder();
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Files of every size around what is read together, in several folders, each with the digest that it must get. */
const files = new Map<string, string>();
function file(name: string, contents: Uint8Array): void {
  writeFileSync(join(folder, name), contents);
  files.set(name, sha256(contents));
}
mkdirSync(join(folder, 'a', 'b'), { recursive: true });
mkdirSync(join(folder, 'c'));
for (let i = 0; i < 700; i++) file(`${['a', 'a/b', 'c'][i % 3]}/f${i}`, noise((i * 37) % 9000, i));
for (const size of [0, 1, 131_071, 131_072, 131_073, 3_000_000]) file(`c/s${size}`, noise(size, 7));
file('c/with\nnewline', noise(5));
symlinkSync('a', join(folder, 'link'));
symlinkSync('f0', join(folder, 'a', 'to-file'));
symlinkSync('missing', join(folder, 'dangling'));
linkSync(join(folder, 'a', 'f0'), join(folder, 'hard'));

describe('hash of many files', () => {
  it('gives what one at a time gives, in order', async () => {
    const names = [...files.keys()];
    const { text, stderr, status } = await chunker(['hash', '-a', 'sha256', '--json', ...names], { cwd: folder });
    expect([stderr, status]).toEqual(['', 0]);
    expect(JSON.parse(text)).toEqual(names.map((path) => ({ path, algorithm: 'sha256', digest: files.get(path) })));
  });

  it('reads a path by whatever way leads there', async () => {
    const digest = files.get('a/f0') as string;
    const ways = ['a/f0', './a/f0', 'a//f0', 'a/./f0', 'a/b/../f0', 'link/f0', 'a/to-file', 'hard', join(folder, 'a/f0'), `${folder}//a/f0`];
    const { text, status } = await chunker(['hash', '-a', 'sha256', ...ways], { cwd: folder });
    expect(text).toBe(ways.map((way) => `${digest}  ${way}\n`).join(''));
    expect(status).toBe(0);
  });

  it('tells of each that cannot be read, in its place, and hashes the others', async () => {
    const line = [
      'mkfifo fifo; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'socket\')"',
      'timeout -k 1 120 bash -c \'exec "$NODE" $CHUNKER_SOURCES hash a/f0 missing a/f3 fifo a a/f6 socket dangling a/f0/below c/s1 /proc/version /dev/null ""\' 2>&1',
      'echo $?',
    ].join('; ');
    const { text } = await shell(line, { cwd: folder });
    expect(text.split('\n').map((row) => /^chunker: (\w+)|^[0-9a-f]{64} {2}(.*)$|^(\d+)$/.exec(row)?.slice(1).join(''))).toEqual([
      ...['a/f0', 'not_found', 'a/f3', 'unsupported_file_type', 'is_directory', 'a/f6', 'unsupported_file_type', 'not_found'],
      ...['not_a_directory', 'c/s1', '/proc/version', 'unsupported_file_type', 'not_found', '1', undefined],
    ]);
  });

  it('checks long lists', async () => {
    const { text } = await shell(
      `chunker hash a/f* > sums; cp a/f9 as-it-was; echo tampered > a/f9; chunker hash --check sums | grep -vc OK; chunker hash --check sums > /dev/null; echo $?; mv as-it-was a/f9`,
      {
        cwd: folder,
      },
    );
    expect(text).toBe('1\n1\n');
  });
});
