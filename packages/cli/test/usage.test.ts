import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadPlugins } from '../src/plugins.js';
import { chunker, ended, listening, shell, start } from './command.js';
import { noise, testFolder } from './folder.js';

const folder = testFolder();
writeFileSync(join(folder, 'data'), noise(500_000));

const WRONG: readonly (readonly string[])[] = [
  ['nonsense'],
  ['hash', '--nonsense'],
  ['scan'],
  ['nar'],
  ['nar', 'pack'],
  ['hash', '--encoding', 'base58', 'data'],
  ['hash', '--length', '1e3', 'data'],
  ['hash', '--length', '0x10', 'data'],
  ['hash', '--length', '１', 'data'],
  ['hash', '--threads', '0', 'data'],
  ['hash', '--kernel', 'magic', 'data'],
  ['hash', '-a', 'nonsense', 'data'],
  ['hash', '-a', 'blake3:nonsense=1', 'data'],
  ['hash', '-a', 'x'.repeat(100_000), 'data'],
  ['chunk', '--chunker', 'fastcdc:min=1', 'data'],
  ['chunk', '--chunker', 'fastcdc:min', 'data'],
  ['chunk', '--profile', 'no-such-profile', 'data'],
  ['chunk', 'data', 'data'],
  ['decompress', '--max-output', '1 apple', '-o', 'x', 'data'],
  ['compress', '--json', 'data'],
  ['scan', '-', '-'],
  ['hash', '-', '-'],
  ['hash', '--key-file', '-'],
  ['hash', '--key-file', '-', '--check', '-'],
  ['compress', '-', '-'],
  ['compress', '--dictionary', '-'],
  ['decompress', '--dictionary', '-', '-o', 'x'],
  ['scan', '--exclude', '', '.'],
  ['compress', '-o', '', 'data'],
];

describe('wrong usage', () => {
  it.each(WRONG.map((given) => [given.join(' ').slice(0, 60), given] as const))('%s ends with 2 and says why', async (_, given) => {
    const { status, stderr, text } = await chunker(given, { cwd: folder });
    expect(stderr).toMatch(/^chunker: [a-z_]+: ./);
    expect(stderr.trim().split('\n').length).toBe(1);
    expect(status).toBe(2);
    if (!given.includes('--json')) expect(text).toBe('');
  });

  it.each([
    ['hash', '-a', 'zstd', 'sha256'],
    ['compress', '-c', 'blake3', 'zstd'],
    ['scan', '--hash', 'xz', 'blake3'],
  ])('lists what there is where %s %s %s names an algorithm of another kind', async (...given) => {
    const { stderr } = await chunker([...given.slice(0, 3), 'data'], { cwd: folder });
    expect(stderr).toContain(`${given[3]}`);
  });

  it('is an error document with --json', async () => {
    const { status, text } = await chunker(['hash', '--json', '--nonsense'], { cwd: folder });
    expect(JSON.parse(text)).toEqual({
      error: { code: 'invalid_usage', message: expect.stringMatching(/^invalid_usage: /), details: { reason: expect.any(String) } },
    });
    expect(status).toBe(2);
  });
});

describe('the command', () => {
  it('shows help on standard output, at 80 columns, with the commands that are built and no others', async () => {
    const { status, text } = await chunker(['--help']);
    expect(status).toBe(0);
    for (const name of ['scan', 'chunk', 'hash', 'compress', 'decompress', 'nar', 'list', 'doctor', 'bench', 'conformance', 'help', 'completion'])
      expect(text).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(text).not.toMatch(/^ {2}(complete|inspect|serve|init|commit) /m);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('tells its version', async () => {
    expect((await chunker(['--version'])).text).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await chunker(['-V'])).text).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('takes what follows -- as names', async () => {
    writeFileSync(join(folder, '--json'), 'a name');
    const { text, status } = await chunker(['hash', '--', '--json'], { cwd: folder });
    expect(text).toMatch(/^[0-9a-f]{64} {2}--json\n$/);
    expect(status).toBe(0);
  });

  it('reports a failing file, goes on with the others and ends with 1', async () => {
    const { status, stderr, text } = await chunker(['hash', 'data', 'missing', 'data', '.'], { cwd: folder });
    expect(text.trim().split('\n').length).toBe(2);
    expect(stderr).toMatch(/^chunker: not_found: missing .*\nchunker: is_directory: \. .*\n$/);
    expect(status).toBe(1);
  });

  it('ends partly failed with an error document behind the result', async () => {
    const { status, text } = await chunker(['hash', '--json', 'data', 'missing'], { cwd: folder });
    const [rows, failure] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toEqual([{ path: 'data', algorithm: 'blake3', digest: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(failure.error).toMatchObject({ code: 'partly_failed', details: { failed: 1 } });
    expect(status).toBe(1);
  });

  it('ends without a word when nobody reads on', async () => {
    const spec = 'fastcdc:min=64,avg=256,max=1024';
    const { text, stderr } = await shell(`chunker chunk --chunker ${spec} data | head -n 2; echo "\${PIPESTATUS[0]}"`, { cwd: folder });
    expect(stderr).toBe('');
    expect(text.trim().split('\n').at(-1)).toMatch(/^(0|141)$/);
    expect(text.trim().split('\n').length).toBe(3);
  });

  it.each(['nar pack data', '--help', '--version', 'hash --help'])('%s fails with 1 when standard output is full', async (given) => {
    const { text, stderr } = await shell(`chunker ${given} > /dev/full; echo $?`, { cwd: folder });
    expect(text).toBe('1\n');
    expect(stderr).toMatch(/^chunker: io_error: .*ENOSPC.*\n$/);
  });

  it('refuses a directory as standard input, and reads what says that it is empty', async () => {
    const { text, stderr } = await shell('chunker hash < .; echo $?; chunker hash /proc/version; cat /proc/version | chunker hash -', {
      cwd: folder,
    });
    expect(stderr).toMatch(/^chunker: is_directory: standard input /);
    const [status, itself, piped] = text.trim().split('\n');
    expect(status).toBe('1');
    expect(itself?.slice(0, 64)).toBe(piped?.slice(0, 64));
  });

  it.each(['hash --key-file', 'hash --check', 'compress --dictionary', 'decompress --dictionary'])(
    '%s is not held up by a fifo or an endless device',
    async (given) => {
      for (const [file, code] of [
        ['fifo', 'unsupported_file_type'],
        ['/dev/zero', 'unsupported_file_type'],
        ['.', 'is_directory'],
        ['missing', 'not_found'],
      ]) {
        const { text, stderr } = await shell(
          `[ -p fifo ] || mkfifo fifo; timeout -k 1 120 bash -c 'exec "$NODE" $CHUNKER_SOURCES ${given} ${file}' < data; echo $?`,
          { cwd: folder },
        );
        expect(stderr).toMatch(new RegExp(`^chunker: ${code}: `));
        expect(text).toBe('1\n');
      }
    },
  );

  it('writes to a device as it is', async () => {
    const { text, stderr } = await shell(
      'chunker compress -o /dev/null data; echo $?; chunker compress -o /dev/stdout data | chunker decompress | cmp - data && echo same',
      {
        cwd: folder,
      },
    );
    expect([text, stderr]).toEqual(['0\nsame\n', '']);
    expect((await shell('[ -p unread ] || mkfifo unread; chunker compress -o unread data; echo $?', { cwd: folder })).text).toBe('1\n');
  });

  it('checks the good lines of a checkfile and complains of the others', async () => {
    const { text: sum } = await chunker(['hash', 'data'], { cwd: folder });
    const { text, stderr, status } = await chunker(['hash', '--check', '-'], { cwd: folder, input: `nonsense\n${sum}` });
    expect(text).toBe('data: OK\n');
    expect(stderr).toBe('chunker: corrupt_data: the data are damaged: line 1 of the checkfile is no digest and name\n');
    expect(status).toBe(1);
  });

  it('gives a name one line in what --check prints', async () => {
    const { text } = await shell(`printf x > $'data: OK\nb'; chunker hash $'data: OK\nb' | chunker hash --check -`, { cwd: folder });
    expect(text).toBe('\\data: OK\\nb: OK\n');
  });

  it('takes no name of JavaScript for a plugin of its own, and no odd package.json for a reason to stop', async () => {
    for (const name of ['toString', '__proto__', 'constructor']) {
      const { stderr, status } = await chunker(['list', '--plugin', name], { cwd: folder });
      expect(stderr).toMatch(/^chunker: invalid_plugin: /);
      expect(status).toBe(1);
    }
    const odd = join(folder, 'odd');
    mkdirSync(odd);
    for (const manifest of ['null', '5', '{', '{"dependencies":7}']) {
      writeFileSync(join(odd, 'package.json'), manifest);
      expect((await chunker(['hash', '../data'], { cwd: odd })).status).toBe(0);
    }
  });

  it('ends with 1 and a word when a plugin never answers', async () => {
    const place = join(folder, 'silent', 'node_modules', 'silent');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'silent', version: '1.0.0', type: 'module', chunker: { plugin: './plugin.js' } }));
    writeFileSync(join(place, 'plugin.js'), 'await new Promise(() => {});\n');
    const { status, stderr } = await chunker(['list', '--plugin', 'silent'], { cwd: join(folder, 'silent') });
    expect(stderr).toBe('chunker: plugin_failed: a plugin failed: it never answered\n');
    expect(status).toBe(1);
  });

  it('shows no fractions of a byte', async () => {
    const { text } = await shell('(sleep 1; printf h) | chunker scan -', { cwd: folder });
    expect(text).toMatch(/ \d+ B\/s\n/);
  });

  it('scans with as many threads as there can be, whatever is asked for', async () => {
    expect((await chunker(['scan', 'data'], { cwd: folder, env: { CHUNKER_THREADS: '99999' } })).status).toBe(0);
  });

  it.each([
    ['CHUNKER_THREADS', 'abc'],
    ['CHUNKER_THREADS', '0'],
    ['CHUNKER_NICE', '20'],
    ['CHUNKER_KERNEL', 'bogus'],
    ['CHUNKER_CPU', 'fast'],
    ['CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', '1MiB'],
    ['CHUNKER_READ_SLICE_CAP_BYTES', '-1'],
    ['CHUNKER_READAHEAD_BYTES', 'x'],
    ['CHUNKER_MEMORY_SOFT_LIMIT', '-5'],
    ['CHUNKER_MEMORY_HARD_LIMIT', 'much'],
    ['CHUNKER_MAX_BUFFER_SIZE', '0'],
  ])('refuses %s=%s as wrong usage', async (name, value) => {
    const { status, stderr } = await chunker(['list'], { cwd: folder, env: { [name]: value } });
    expect(stderr).toMatch(new RegExp(`^chunker: invalid_usage: ${name} is '${value}'; it can be `));
    expect(status).toBe(2);
  });

  it('needs no working directory to work on files elsewhere', async () => {
    const cwd = vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT' });
    });
    try {
      expect((await loadPlugins([], ['hash blake3'])).named.map((plugin) => plugin.package)).toEqual(['@chunker/hash-blake3']);
    } finally {
      cwd.mockRestore();
    }
  });

  it('says what is wrong where its own files cannot be read', async () => {
    const hook = `export async function resolve(name, context, next) {
      if (name === 'commander') throw new Error('EMFILE: too many open files');
      return next(name, context);
    }`;
    writeFileSync(join(folder, 'hook.mjs'), hook);
    writeFileSync(join(folder, 'register.mjs'), "import { register } from 'node:module'; register('./hook.mjs', import.meta.url);");
    const { status, stderr } = await chunker(['hash', 'data'], { cwd: folder, env: { NODE_OPTIONS: `--import ${join(folder, 'register.mjs')}` } });
    expect(stderr).toBe('chunker: io_error: EMFILE: too many open files\n');
    expect(status).toBe(1);
  });

  it('leaves out a dependency’s plugin that fails, unless it was asked for', async () => {
    const place = join(folder, 'failing');
    for (const [name, code] of [
      ['throwing', "throw new Error('out of order');"],
      ['clashing', "export default [{ kind: 'codec', name: 'zstd' }];"],
    ] as const) {
      mkdirSync(join(place, 'node_modules', name), { recursive: true });
      writeFileSync(
        join(place, 'node_modules', name, 'package.json'),
        JSON.stringify({ name, version: '1.0.0', type: 'module', chunker: { plugin: './plugin.js' } }),
      );
      writeFileSync(join(place, 'node_modules', name, 'plugin.js'), `${code}\n`);
    }
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'user', dependencies: { throwing: '1', clashing: '1' } }));
    writeFileSync(join(place, 'file'), 'some');
    const hashed = await chunker(['hash', 'file'], { cwd: place });
    expect(hashed.status).toBe(0);
    expect(hashed.text).toMatch(/^[0-9a-f]{64} {2}file\n$/);
    expect(hashed.stderr).toMatch(
      /^chunker: left out the plugin throwing: invalid_plugin: .*out of order\nchunker: left out the plugin clashing: invalid_plugin: .*\n$/,
    );
    expect((await chunker(['hash', '--quiet', 'file'], { cwd: place })).stderr).toBe('');
    for (const command of ['list', 'doctor']) expect((await chunker([command], { cwd: place })).text).toMatch(/\nbroken[\s\S]*throwing: invalid_plugin/);
    const asked = await chunker(['list', '--plugin', 'throwing'], { cwd: place });
    expect([asked.status, asked.stderr.includes('out of order')]).toEqual([1, true]);
  });

  it('shows progress when told to, on standard error alone', async () => {
    const loud = await chunker(['nar', 'hash', '--progress', 'data'], { cwd: folder });
    expect(loud.stderr).toContain('nar hash data');
    expect(loud.text).toMatch(/^sha256-\S+ {2}\d+\n$/);
    const silent = await chunker(['nar', 'hash', 'data'], { cwd: folder });
    expect(silent.stderr).toBe('');
  });

  it('ends with 130 on Ctrl-C, and at once on the second', async () => {
    const child = start(['hash', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin?.write('some');
    await listening(child);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ending = new Promise<number | null>((resolve) => child.on('close', resolve));
    child.kill('SIGINT');
    const again = setTimeout(() => child.kill('SIGINT'), 3000);
    expect(await ending).toBe(130);
    clearTimeout(again);
  });

  it('keeps names that are no UTF-8, reversibly', async () => {
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x6f, 0xff, 0x64, 0x0a])]);
    writeFileSync(odd, 'odd');
    const { text } = await shell(`chunker hash --json $'o\\xffd\\n'; chunker hash $'o\\xffd\\n' | sha256sum; b=$(printf 'o\\xffd\\\\n'); `, { cwd: folder });
    const [json] = text.split('\n');
    expect(JSON.parse(json as string)[0].path).toBe('o\udcffd\n');
    expect(json).toContain('\\udcff');
    const { stdout } = await shell(`chunker hash $'o\\xffd\\n'`, { cwd: folder });
    expect(stdout.subarray(-7)).toEqual(Buffer.from([0x20, 0x6f, 0xff, 0x64, 0x5c, 0x6e, 0x0a]));
    expect(stdout[0]).toBe(0x5c);
  });

  it('lists what is registered', async () => {
    const rows = JSON.parse((await chunker(['list', '--json'])).text) as { kind: string; name: string; package: string; version: string; kernels: object[] }[];
    expect(rows).toContainEqual({ kind: 'hash', name: 'blake3', package: '@chunker/hash-blake3', version: expect.any(String), kernels: expect.any(Array) });
    const sha256 = rows.find(({ name }) => name === 'sha256');
    expect(sha256?.kernels).toContainEqual({ kind: 'js', available: true });
  });

  it('examines the machine', async () => {
    const found = JSON.parse((await chunker(['doctor', '--json'])).text);
    expect(Object.keys(found)).toEqual(['versions', 'cpu', 'threads', 'kernels', 'accelerators', 'limits', 'broken']);
    expect((await chunker(['doctor'])).text.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  it('loads the plugin of a folder', async () => {
    const place = join(folder, 'my-plugin');
    mkdirSync(place, { recursive: true });
    const manifest = { name: 'my-plugin', version: '0.0.1', type: 'module', exports: { './own': './inner.js' }, chunker: { plugin: './own' } };
    writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
    const core = new URL('../../core/src/index.ts', import.meta.url).href;
    const code = "const same = (data) => data.slice();\nexport default [defineCodec({ name: 'same', compress: same, decompress: same })];\n";
    writeFileSync(join(place, 'inner.js'), `import { defineCodec } from '${core}';\n${code}`);
    for (const [plugin, cwd] of [
      ['.', place],
      ['./my-plugin', folder],
      [place, folder],
    ] as const) {
      expect((await chunker(['compress', '--plugin', plugin, '-c', 'same'], { cwd, input: 'abc' })).text).toBe('abc');
      expect((await chunker(['conformance', '--runs', '2', plugin], { cwd })).text).toMatch(/same +js/);
    }
    const { stderr, status } = await chunker(['list', '--plugin', './data'], { cwd: folder });
    expect([stderr, status]).toEqual(["chunker: invalid_plugin: './data' is no plugin: there is no package.json in that folder\n", 1]);
  });

  it('loads the plugins of the nearest package.json, and those named', async () => {
    const place = join(folder, 'project', 'node_modules', 'mirror');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(folder, 'project', 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', dependencies: { mirror: '*' } }));
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'mirror', version: '3.2.1', type: 'module', chunker: { plugin: './plugin.js' } }));
    const core = new URL('../../core/src/index.ts', import.meta.url).href;
    writeFileSync(
      join(place, 'plugin.js'),
      `import { defineCodec } from '${core}';\nconst turn = (data) => data.slice().reverse();\nexport default [defineCodec({ name: 'mirror', compress: turn, decompress: turn })];\n`,
    );
    const cwd = join(folder, 'project');
    const rows = JSON.parse((await chunker(['list', '--json'], { cwd })).text) as { name: string }[];
    expect(rows.find(({ name }) => name === 'mirror')).toMatchObject({
      package: 'mirror',
      version: '3.2.1',
      kernels: expect.arrayContaining([{ kind: 'js', available: true }]),
    });
    expect((await chunker(['compress', '-c', 'mirror'], { cwd, input: 'abc' })).text).toBe('cba');
    const asked = await chunker(['list', '--plugin', 'no-such-package'], { cwd });
    expect(asked.stderr).toMatch(/^chunker: invalid_plugin: /);
    expect(asked.status).toBe(1);
    expect(ended).toBeTypeOf('function');
  });
});
