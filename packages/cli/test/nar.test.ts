import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chunker, oracle } from './command.js';
import { makeTree, testFolder } from './folder.js';

const folder = testFolder();
const tree = makeTree(join(folder, 'tree'));
writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0x6f, 0xff, 0x0a])]), 'odd');
symlinkSync(Buffer.from([0xfe]), join(tree, 'odd-link'));
const archive = join(folder, 'tree.nar');
const packed = chunker(['nar', 'pack', tree, '-o', archive]);
const at = (name: string) => join(folder, name);

/** Forms in which the archive can be given: operand and standard input. */
async function forms(): Promise<readonly (readonly [string, readonly string[], Uint8Array?])[]> {
  expect((await packed).status).toBe(0);
  const bytes = readFileSync(archive);
  writeFileSync(at('tree.nar.gz'), gzipSync(bytes));
  writeFileSync(at('tree.nar.br'), brotliCompressSync(bytes));
  await chunker(['compress', archive, '-o', at('tree.nar.zst'), '--force']);
  const files = ['tree.nar', 'tree.nar.gz', 'tree.nar.br', 'tree.nar.zst'].map((name) => [name, [at(name)]] as const);
  return [...files, ['standard input', [], bytes], ['compressed standard input', ['-'], readFileSync(at('tree.nar.zst'))]];
}

describe('an archive in every form', () => {
  test('is verified, listed, hashed and unpacked', async () => {
    await packed;
    const bytes = readFileSync(archive);
    const hash = JSON.parse((await chunker(['nar', 'hash', tree, '--json'])).text);
    expect(hash.narSize).toBe(bytes.length);
    for (const [name, operands, input] of await forms()) {
      const options = input === undefined ? {} : { input };
      const verified = await chunker(['nar', 'verify', ...operands, '--json'], options);
      expect(JSON.parse(verified.text), name).toMatchObject({ narSize: bytes.length, directories: 3, symlinks: 2 });
      const target = at(`unpacked ${name}`);
      const unpacked = await chunker(['nar', 'unpack', ...operands, '-C', target, '--json'], options);
      expect(unpacked.status, unpacked.stderr).toBe(0);
      expect(JSON.parse(unpacked.text)).toMatchObject({ target, narSize: bytes.length });
      expect((await chunker(['nar', 'hash', target, '--json'])).text, name).toBe(`${JSON.stringify(hash)}\n`);
      expect((await chunker(['nar', 'ls', '-R', ...operands], options)).text).toBe((await chunker(['nar', 'ls', '-R', archive])).text);
      const operand = operands.length === 0 ? ['-'] : operands;
      expect(JSON.parse((await chunker(['nar', 'hash', ...operand, '--json'], options)).text), name).toEqual(hash);
    }
  });

  test('nix lists and shows the same', async () => {
    await packed;
    const nix = ['--extra-experimental-features', 'nix-command', 'nar'];
    const plain = at('plain');
    makeTree(plain);
    await chunker(['nar', 'pack', plain, '-o', at('plain.nar')]);
    const file = at('plain.nar');
    for (const [ours, theirs] of [
      [[], []],
      [['-R'], ['-R']],
      [
        ['-R', '--long'],
        ['-R', '-l'],
      ],
    ] as const) {
      const expected = oracle('nix', [...nix, 'ls', ...theirs, file, '/']);
      if (expected !== undefined) expect((await chunker(['nar', 'ls', file, ...ours])).text).toBe(expected.toString());
    }
    const listing = oracle('nix', [...nix, 'ls', '--json', '-R', file, '/']);
    if (listing !== undefined)
      expect(JSON.parse((await chunker(['nar', 'ls', file, '--json'])).text)).toEqual({ version: 1, root: JSON.parse(listing.toString()) });
    const shown = oracle('nix', [...nix, 'cat', file, '/b/big']);
    if (shown !== undefined) expect(Buffer.compare((await chunker(['nar', 'cat', file, 'b/big'])).stdout, shown)).toBe(0);
  });

  test('names are bytes on a pipe and surrogates in JSON', async () => {
    await packed;
    const lines = (await chunker(['nar', 'ls', archive])).stdout;
    expect(lines.includes(Buffer.from([0x2f, 0x6f, 0xff, 0x0a]))).toBe(true);
    const listing = (await chunker(['nar', 'ls', archive, '--json'])).text;
    expect(listing).toContain('"o\\udcff\\n":{"type":"regular","size":3,');
    expect(listing).toContain('"odd-link":{"type":"symlink","target":"\\udcfe"}');
  });
});

describe('what fails', () => {
  test('says where, and leaves nothing', async () => {
    await packed;
    const bytes = readFileSync(archive);
    writeFileSync(at('cut.nar'), bytes.subarray(0, 1000));
    for (const given of [
      ['verify', at('cut.nar')],
      ['ls', at('cut.nar')],
      ['unpack', at('cut.nar'), '-C', at('never')],
      ['hash', at('cut.nar')],
    ]) {
      const { status, text, stderr } = await chunker(['nar', ...given, '--json']);
      expect(status).toBe(1);
      expect(JSON.parse(text).error).toMatchObject({ code: 'truncated_input', details: { offset: 1000 } });
      expect(stderr).toMatch(/^chunker: truncated_input: /);
    }
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });

  test.each([
    [['verify', '-'], 'bad_magic', 1],
    [['ls', '-'], 'bad_magic', 1],
    [['hash', '-'], 'bad_magic', 1],
    [['unpack', '-'], 'invalid_usage', 2],
    [['unpack', '-', 'x', '-C', 'y'], 'invalid_usage', 2],
  ])('%j: %s', async (given, code, status) => {
    const ended = await chunker(['nar', ...given, '--json'], { input: 'this is no archive, whoever looks at it', cwd: folder });
    expect([ended.status, JSON.parse(ended.text).error.code]).toEqual([status, code]);
  });

  test('a target that exists, a name that is not there, a directory', async () => {
    await packed;
    mkdirSync(at('taken'));
    const codeOf = async (...given: string[]) => JSON.parse((await chunker(['nar', ...given, '--json'])).text).error.code;
    expect(await codeOf('unpack', archive, '-C', at('taken'))).toBe('already_exists');
    expect(await codeOf('cat', archive, 'nowhere', '-o', at('out'))).toBe('not_found');
    expect(await codeOf('cat', archive, 'b', '-o', at('out'))).toBe('is_directory');
    expect(await codeOf('cat', archive, 'link', '-o', at('out'))).toBe('symlink_refused');
    expect(readdirSync(folder).filter((name) => name.startsWith('out') || name.startsWith('.'))).toEqual([]);
  });

  test('a compressed file that is no archive is hashed as a file', async () => {
    writeFileSync(at('text.gz'), gzipSync('no archive'));
    const { text } = await chunker(['nar', 'hash', at('text.gz')]);
    const dumped = oracle('nix-store', ['--dump', at('text.gz')]);
    if (dumped !== undefined) {
      const sum = execFileSync('sha256sum', { input: dumped }).toString().slice(0, 64);
      expect(text).toBe(`sha256-${Buffer.from(sum, 'hex').toString('base64')}  ${dumped.length}\n`);
    }
  });
});
