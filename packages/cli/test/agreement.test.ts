import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunker, oracle, shell } from './command.js';
import { makeTree, noise, testFolder } from './folder.js';

const folder = testFolder();
const tree = makeTree(join(folder, 'tree'));
const data = noise(6_000_000, 7);
writeFileSync(join(folder, 'data'), data);
writeFileSync(join(folder, 'empty'), '');
writeFileSync(join(folder, 'a\nb\\c'), 'odd name');

const hasB3sum = oracle('b3sum', ['--version']) !== undefined;
const hasNix = oracle('nix-store', ['--version']) !== undefined;

describe('hash', () => {
  it.skipIf(!hasB3sum)('prints as b3sum does, names and all, and b3sum checks it', async () => {
    const names = ['data', 'empty', 'a\nb\\c'];
    const { stdout } = await chunker(['hash', ...names.map((name) => join(folder, name))]);
    expect(stdout).toEqual(
      oracle(
        'b3sum',
        names.map((name) => join(folder, name)),
      ),
    );
  });

  it.skipIf(!hasB3sum)('agrees in keyed and derive-key mode and at any length', async () => {
    writeFileSync(join(folder, 'key'), noise(32, 3));
    const file = join(folder, 'data');
    const keyed = await chunker(['hash', '--key-file', join(folder, 'key'), file]);
    expect(keyed.stdout).toEqual(oracle('b3sum', ['--keyed', file], noise(32, 3)));
    const derived = await chunker(['hash', '--derive-key', 'tests, 100 % of them', '--length', '77', file]);
    expect(derived.stdout).toEqual(oracle('b3sum', ['--derive-key', 'tests, 100 % of them', '--length', '77', file]));
  });

  it('checks what it printed, and what was changed', async () => {
    const lines = (await chunker(['hash', 'data', 'a\nb\\c'], { cwd: folder })).text;
    writeFileSync(join(folder, 'sums'), lines);
    const good = await chunker(['hash', '--check', 'sums'], { cwd: folder });
    // A name is one line, as `b3sum --check` prints it.
    expect(good.text).toBe('data: OK\n\\a\\nb\\\\c: OK\n');
    expect(good.status).toBe(0);
    writeFileSync(
      join(folder, 'sums'),
      lines.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    );
    const bad = await chunker(['hash', '--check', 'sums', '--json'], { cwd: folder });
    const [rows, failure] = bad.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map((row: { ok: boolean }) => row.ok)).toEqual([false, true]);
    expect(failure.error.code).toBe('partly_failed');
    expect(bad.status).toBe(1);
  });

  it('gives the same digest in every encoding, from a pipe and with any kernel', async () => {
    const sri = (await chunker(['hash', '-a', 'sha256', '--encoding', 'sri', '-'], { input: data })).text;
    const hex = (await chunker(['hash', '-a', 'sha256', join(folder, 'data')])).text;
    expect(Buffer.from(sri.slice(7).split(' ')[0] as string, 'base64').toString('hex')).toBe(hex.slice(0, 64));
    const js = await chunker(['hash', '-a', 'sha256', '--kernel', 'js', join(folder, 'data')]);
    expect(js.text).toBe(hex);
  });
});

describe('nar', () => {
  it.skipIf(!hasNix)('packs and hashes as nix-store does', async () => {
    const dumped = oracle('nix-store', ['--dump', tree]) as Buffer;
    const packed = await chunker(['nar', 'pack', tree]);
    expect(packed.stdout.equals(dumped)).toBe(true);
    const digest = oracle('sha256sum', ['-'], dumped)?.toString('latin1').slice(0, 64) as string;
    const narHash = `sha256-${Buffer.from(digest, 'hex').toString('base64')}`;
    expect(JSON.parse((await chunker(['nar', 'hash', tree, '--json'])).text)).toEqual({ narHash, narSize: dumped.length });
    writeFileSync(join(folder, 'tree.nar'), dumped);
    expect((await chunker(['nar', 'hash', join(folder, 'tree.nar')])).text).toBe(`${narHash}  ${dumped.length}\n`);
    const [scanned] = JSON.parse((await chunker(['scan', tree, '--codec', 'none', '--verify', '--json'])).text).paths;
    expect(scanned).toMatchObject({ kind: 'directory', bytes: dumped.length, narHash });
    const [archive] = JSON.parse((await chunker(['scan', join(folder, 'tree.nar'), '--codec', 'none', '--json'])).text).paths;
    expect(archive).toMatchObject({ kind: 'nar', bytes: dumped.length, narHash });
  });

  it.skipIf(!hasNix)('packs a file and a link as nix-store does', async () => {
    for (const name of ['a.txt', 'link', 'run.sh']) {
      const { stdout } = await chunker(['nar', 'pack', join(tree, name)]);
      expect(stdout.equals(oracle('nix-store', ['--dump', join(tree, name)]) as Buffer)).toBe(true);
    }
  });

  it('writes to a file in one step', async () => {
    const target = join(folder, 'out.nar');
    expect((await chunker(['nar', 'pack', tree, '-o', target])).status).toBe(0);
    const again = await chunker(['nar', 'pack', tree, '-o', target]);
    expect(again.stderr).toMatch(/^chunker: already_exists: /);
    expect(again.status).toBe(1);
    expect((await chunker(['nar', 'pack', tree, '-o', target, '--force'])).status).toBe(0);
  });
});

describe('scan and chunk', () => {
  it('tell the same chunks', async () => {
    const file = join(folder, 'data');
    const chunks = (await chunker(['chunk', file, '--json'])).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const each = (await chunker(['scan', file, '--each', '--codec', 'none'])).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(each.slice(0, -1).map(({ path, ...chunk }) => chunk)).toEqual(chunks);
    expect(each.at(-1)).toMatchObject({ bytes: data.length, chunks: chunks.length });
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(data.length);
  });

  it('find what repeats over all paths, and verify it', async () => {
    const given = ['scan', tree, join(folder, 'data'), '-', '--codec', 'gzip', '--verify', '--json'];
    const report = JSON.parse((await chunker(given, { input: data })).text);
    expect(Object.keys(report)).toEqual(['paths', 'bytes', 'chunks', 'uniqueChunks', 'uniqueBytes', 'compressedBytes', 'seconds', 'executor', 'verified']);
    expect(report.paths.map(({ kind }: { kind: string }) => kind)).toEqual(['directory', 'file', 'stream']);
    expect(report.verified).toBe(true);
    expect(report.bytes - report.uniqueBytes).toBeGreaterThanOrEqual(data.length);
    expect(report.uniqueChunks).toBeLessThan(report.chunks);
  });

  it('report at 80 columns', async () => {
    const { text } = await chunker(['scan', tree, '--codec', 'gzip', '--verify'], { cwd: folder });
    expect(text).toMatch(/deduplication \d+\.\d\d x/);
    expect(
      Math.max(
        ...text
          .split('\n')
          .slice(2, -2)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  it('leave out what is excluded', async () => {
    const all = JSON.parse((await chunker(['scan', tree, '--codec', 'none', '--json'])).text);
    const some = JSON.parse((await chunker(['scan', tree, '--codec', 'none', '--json', '--exclude', 'b'])).text);
    expect(all.bytes - some.bytes).toBeGreaterThan(6_000_000);
  });

  it('refuse a fifo unless told to skip, and go on with other paths', async () => {
    const place = join(folder, 'special');
    mkdirSync(place);
    await shell(`mkfifo ${place}/fifo`);
    const { status, stderr, text } = await chunker(['scan', place, join(folder, 'data'), '--codec', 'none', '--json']);
    expect(stderr).toMatch(/unsupported_file_type/);
    expect(status).toBe(1);
    expect(JSON.parse(text.split('\n')[0] as string).paths.length).toBe(1);
  });
});

describe('compress and decompress', () => {
  it.each(['gzip', 'brotli', 'deflate', 'identity'])('%s: what was compressed comes back', async (codec) => {
    const packed = join(folder, `data.${codec}`);
    const made = await chunker(['compress', '-c', codec, join(folder, 'data'), '-o', packed, '--json']);
    expect(JSON.parse(made.text)).toEqual({ algorithm: codec, inputBytes: data.length, outputBytes: readFileSync(packed).length });
    const { stdout, status } = await chunker(['decompress', '-c', codec, packed]);
    expect(stdout.equals(data)).toBe(true);
    expect(status).toBe(0);
  });

  it('decompress by the first bytes, as gzip does', async () => {
    const packed = oracle('gzip', ['-c'], data) as Buffer;
    expect((await chunker(['decompress'], { input: packed })).stdout.equals(data)).toBe(true);
    const ours = await chunker(['compress', '-c', 'gzip'], { input: data });
    expect(oracle('gzip', ['-dc'], ours.stdout)?.equals(data)).toBe(true);
    const tested = await chunker(['decompress', '--test', '--json', join(folder, 'data.gzip')]);
    expect(JSON.parse(tested.text)).toMatchObject({ algorithm: 'gzip', outputBytes: data.length });
  });

  it('refuse what is damaged, cut short, unknown, followed by something or too large, and leave no file', async () => {
    const packed = oracle('gzip', ['-c'], data) as Buffer;
    const target = join(folder, 'never');
    const flipped = Buffer.from(packed);
    flipped[3_000_000] = (flipped[3_000_000] as number) ^ 1;
    const cases: readonly [Buffer, string, readonly string[]][] = [
      [flipped, 'corrupt_data|checksum_mismatch', []],
      [packed.subarray(0, -3), 'truncated_input', []],
      [Buffer.from('nothing that anybody knows'), 'unknown_format', []],
      [Buffer.concat([packed, Buffer.from('trailing')]), 'trailing_data', []],
      [packed, 'size_exceeded', ['--max-output', '5 MB']],
    ];
    for (const [input, code, more] of cases) {
      const { status, stderr } = await chunker(['decompress', '-o', target, ...more], { input });
      expect(stderr).toMatch(new RegExp(`^chunker: (${code}): `));
      expect(status).toBe(1);
      expect((await shell(`ls -A ${folder} | grep -c -e never -e tmp`)).text).toBe('0\n');
    }
    const allowed = await chunker(['decompress', '--allow-trailing'], { input: Buffer.concat([packed, Buffer.from('trailing')]) });
    expect(allowed.stdout.equals(data)).toBe(true);
  });
});
