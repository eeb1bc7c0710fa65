// Standard output that is closed early or full, for every command that writes; pipes that shells hand over by name; who may not do everything; names that speak to terminals.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { toStandardOutput } from '../src/data-output.js';
import { ARGUMENTS, chunker, ended, shell, start } from './command.js';
import { makeTree, noise, testFolder } from './folder.js';

const folder = testFolder();
const tree = makeTree(join(folder, 'tree'));
for (let i = 0; i < 300; i++) writeFileSync(join(tree, `with a long name that fills what a pipe holds soon ${i}`), noise(300, i));
writeFileSync(join(folder, 'data'), noise(3_000_000));
const made = await shell('chunker compress -o data.zst data; chunker nar pack -o tree.nar tree; chunker hash -a sha256 tree/with* > sums', { cwd: folder });
if (made.status !== 0) throw new Error(made.stderr);

/** Every command that writes more than a pipe holds. */
const LONG = [
  'chunk --chunker fastcdc:min=64,avg=256,max=1024 data',
  'scan --each --codec none --chunker fastcdc:min=64,avg=256,max=1024 data',
  'compress -c identity data',
  'decompress data.zst',
  'nar pack tree',
  'nar cat tree.nar b/big',
  'nar ls -R --json tree.nar',
  `hash ${'data '.repeat(3)} tree/with*`,
];
/** And those that write a few lines. */
const SHORT = [
  'hash data',
  'scan data --json --codec none',
  'nar hash tree',
  'nar verify tree.nar',
  'hash --check sums',
  'list',
  'doctor --json',
  'completion bash',
];

describe('standard output', { concurrent: true }, () => {
  it.each(LONG)('that nobody reads to its end stops `%s` without a word', async (line) => {
    const { text, stderr } = await shell(`chunker ${line} | head -c1 > /dev/null; echo "\${PIPESTATUS[0]}"`, { cwd: folder });
    expect(stderr).toBe('');
    expect(text).toMatch(/^(0|141)\n$/);
  });

  it.each([...LONG.filter((_, i) => i % 2 === 1), ...SHORT])('that is full fails `%s` with 1 and says so', async (line) => {
    const { text, stderr } = await shell(`chunker ${line} > /dev/full; echo $?`, { cwd: folder });
    expect(stderr).toMatch(/^chunker: io_error: .*ENOSPC.*\n$/);
    expect(text).toBe('1\n');
  });

  it('and standard error that are closed are no reason to fail', async () => {
    const { text } = await shell('chunker hash data 2>&-; echo $?; chunker hash data >&-; echo $?; chunker hash missing 2>&-; echo $?', { cwd: folder });
    expect(text).toMatch(/^[0-9a-f]{64} {2}data\n0\n0\n1\n$/);
  });
});

describe('a pipe that has a name', { concurrent: true }, () => {
  it.each([
    ['hash --check <(chunker hash data)', 'data: OK\n'],
    ['hash --check /dev/stdin < <(chunker hash data)', 'data: OK\n'],
    ['hash -a sha256 --key-file /dev/null data 2>&1 | grep -c chunker', '1\n'],
    ['hash --key-file <(head -c 32 data) data | wc -l', '1\n'],
    ['hash <(cat data) | cut -c 1-64 | diff - <(chunker hash data | cut -c 1-64) && echo same', 'same\n'],
    ['chunk <(cat data) | diff - <(chunker chunk data) && echo same', 'same\n'],
    ['scan --codec none --json <(cat data) | grep -o \'"kind":"[a-z]*","bytes":[0-9]*\'', '"kind":"stream","bytes":3000000\n'],
    ['compress <(cat data) | chunker decompress | cmp - data && echo same', 'same\n'],
    ['decompress <(cat data.zst) | cmp - data && echo same', 'same\n'],
    ['nar verify <(cat tree.nar) | grep -o OK', 'OK\n'],
    ['nar hash <(cat tree.nar) | diff - <(chunker nar hash tree) && echo same', 'same\n'],
    ['nar ls <(chunker compress tree.nar) | diff - <(chunker nar ls tree.nar) && echo same', 'same\n'],
  ])('is read: %s', async (line, expected) => {
    const { text, stderr } = await shell(`chunker ${line}`, { cwd: folder });
    expect(stderr).toBe('');
    expect(text).toBe(expected);
  });

  it.each(['hash data', 'scan data', 'compress data', 'nar pack tree', 'list', 'hash <(cat data)'])(
    'is not touched as standard input by `%s`',
    async (line) => {
      const env = { NODE_OPTIONS: `--require=${fileURLToPath(new URL('./no-stdin.cjs', import.meta.url))}` };
      const { stderr } = await shell(`chunker ${line} > /dev/null`, { cwd: folder, env });
      expect(stderr).toBe('');
    },
  );

  it.each(['/dev/fd/1', '/proc/self/fd/1', '/dev/fd/3', '/dev/stdout'])('is written to as it is, also where it is a file: -o %s', async (name) => {
    // Refused, or replaced with --force, it would be by its name.
    const file = join(folder, `to${name.replaceAll('/', '-')}`);
    const onto = name.endsWith('3') ? '3>' : '>';
    const line = `chunker compress --force -o ${name} data ${name === '/dev/stdout' ? '|' : onto} ${name === '/dev/stdout' ? `cat > ${file}` : file}; chunker decompress ${file} | cmp - data && echo same`;
    const { text, stderr } = await shell(line, { cwd: folder });
    expect([text, stderr]).toEqual(['same\n', '']);
    expect(toStandardOutput({ output: name })).toBe(!name.endsWith('3'));
  });

  it('that brings a checkfile without lines is refused before it fills the memory', async () => {
    const { text, stderr } = await shell('head -c 50000000 /dev/zero | chunker hash --check -; echo $?', { cwd: folder });
    expect(stderr).toMatch(/^chunker: corrupt_data: .* longer than \d+ bytes\n$/);
    expect(text).toBe('1\n');
  });

  it.each(['chunk', 'scan --each --codec none'])('that is slow has `%s` tell of chunks while it makes the next', async (line) => {
    const given = [...line.split(' '), '--chunker', 'fastcdc:min=16KiB,avg=64KiB,max=256KiB', '-'];
    const child = start(given, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin?.write(noise(2_000_000));
    // It comes though the input has not ended.
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const ending = ended(child, noise(1000));
    expect((await ending).status).toBe(0);
  });
});

/** How the command is run by somebody who may not do everything; undefined where the tests' own user is such a one. */
const ORDINARY = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
const [ordinary = '', ...asOrdinary] = [...ORDINARY, process.execPath];
const canRead = spawnSync(ordinary, [...asOrdinary, ...ARGUMENTS, '--version']).status === 0;

describe.skipIf(!canRead)(`somebody who may not do everything ${canRead ? '' : '(skipped: an ordinary user cannot read this checkout)'}`, () => {
  const place = join(folder, 'place');
  mkdirSync(join(place, 'closed', 'inner'), { recursive: true });
  for (const name of ['open', 'secret', 'closed/file']) writeFileSync(join(place, name), noise(1000));
  chmodSync(folder, 0o755);
  chmodSync(join(place, 'secret'), 0);
  chmodSync(join(place, 'closed'), 0);
  const as = async (...given: string[]) => {
    const child = spawn(ordinary, [...asOrdinary, ...ARGUMENTS, ...given], { cwd: place, env: { ...process.env, HOME: '/nonexistent' } });
    const { status, stderr, text } = await ended(child);
    return { status, stderr, text, codes: [...stderr.matchAll(/^chunker: (\w+): /gm)].map(([, code]) => code) };
  };

  it('is told of each file that may not be read, and the others are hashed', async () => {
    const names = ['open', 'secret', 'closed/file', 'open'];
    for (const more of [[], new Array(8).fill('open')]) {
      const { status, codes, text } = await as('hash', ...names, ...more);
      expect([status, codes]).toEqual([1, ['permission_denied', 'permission_denied']]);
      expect(text.trim().split('\n').length).toBe(2 + more.length);
    }
  });

  it('is refused what may not be read whole, unless that may be left out', async () => {
    expect(await as('nar', 'pack', '.', '-o', '/dev/null')).toMatchObject({ status: 1, codes: ['permission_denied'] });
    expect(await as('scan', '--codec', 'none', '.')).toMatchObject({ status: 1, codes: ['permission_denied'] });
    const { status, stderr } = await as('scan', '--codec', 'none', '--skip-unreadable', '.');
    expect(status, stderr).toBe(0);
    expect(stderr.match(/left out: permission_denied/g)?.length).toBe(2);
  });

  it('makes nothing where nothing may be made', async () => {
    chmodSync(place, 0o555);
    const before = readdirSync(place);
    expect(await as('compress', '-o', 'out', 'open')).toMatchObject({ status: 1, codes: ['permission_denied'] });
    expect(await as('nar', 'unpack', '-C', 'out', '../tree.nar')).toMatchObject({ status: 1, codes: ['permission_denied'] });
    expect(readdirSync(place)).toEqual(before);
  });
});

const isRoot = process.getuid?.() === 0;
describe.skipIf(!isRoot)(`a disk that fills up${isRoot ? '' : ' (skipped: mounting needs root)'}`, () => {
  it('fails what writes to it with 1, and nothing of that is left', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      const lines = [
        'compress -c identity -o disk/out data',
        'decompress -o disk/out data.zst',
        'nar pack -o disk/out tree',
        'nar unpack -C disk/out tree.nar',
      ];
      for (const line of [...lines, 'nar cat -o disk/out tree.nar b/big']) {
        const { status, stderr } = await chunker(line.split(' '), { cwd: folder });
        expect([status, stderr.split(' ')[1]], line).toEqual([1, 'no_space:']);
        expect(readdirSync(disk), line).toEqual([]);
      }
      writeFileSync(join(disk, 'out'), 'old');
      expect((await chunker(['compress', '--force', '-c', 'identity', '-o', 'disk/out', 'data'], { cwd: folder })).status).toBe(1);
      expect([readdirSync(disk), readFileSync(join(disk, 'out'), 'utf8')]).toEqual([['out'], 'old']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('names', { concurrent: true }, () => {
  it('of any form come back as they are', async () => {
    const place = join(folder, 'names');
    mkdirSync(place);
    const names = ['-rf', '~', '--', '$HOME', '*', ' ', 'n'.repeat(255), '\u{1f980}', 'e\u0301', 'a\tb'];
    for (const name of names) writeFileSync(join(place, name), name);
    const { text, status } = await chunker(['hash', '--json', '--', ...names], { cwd: place });
    expect(status).toBe(0);
    expect(JSON.parse(text).map(({ path }: { path: string }) => path)).toEqual(names);
  });

  it('that lead in circles or nowhere are told of, and the rest goes on', async () => {
    const place = join(folder, 'links');
    mkdirSync(place);
    symlinkSync('loop', join(place, 'loop'));
    symlinkSync('nowhere', join(place, 'dangling'));
    symlinkSync('.', join(place, 'self'));
    writeFileSync(join(place, 'file'), 'x');
    const { text, stderr, status } = await chunker(['hash', 'loop', 'dangling', 'file/below', 'self/self/file'], { cwd: place });
    expect([...stderr.matchAll(/^chunker: (\w+): /gm)].map(([, code]) => code)).toEqual(['symlink_refused', 'not_found', 'not_a_directory']);
    expect([text.trim().slice(66), status]).toEqual(['self/self/file', 1]);
    // An archive holds links as they are.
    expect(JSON.parse((await chunker(['scan', '--codec', 'none', '--json', '.'], { cwd: place })).text).paths[0]).toMatchObject({ kind: 'directory' });
  });

  it('do not speak to a terminal', async () => {
    const place = join(folder, 'speaking');
    mkdirSync(place);
    const name = 'x\u001b[31mred\u0007';
    writeFileSync(join(place, name), 'x');
    const line = `chunker hash $'x\\e[31mred\\a'; chunker hash $'missing\\e[31m'; chunker nar pack . -o ../speaking.nar; chunker nar ls ../speaking.nar`;
    const { text, status } = await shell(`script -qec 'bash -c "$LINE"' /dev/null`, {
      cwd: place,
      env: { LINE: `chunker() { "$NODE" $CHUNKER_SOURCES "$@"; }\n${line}` },
    });
    expect(status).toBe(0);
    // The sequences that wipe a line of progress are the command's own.
    const shown = text.replaceAll('\r', '').replaceAll('\u001b[K', '');
    for (const character of ['\u001b', '\u0007']) expect(shown).not.toContain(character);
    expect(shown).toContain('x\\x1b[31mred\\x07');
    expect(shown).toContain('missing\\x1b[31m');
  });
});
