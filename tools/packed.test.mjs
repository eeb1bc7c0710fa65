// What is published is what is tested: every plugin, packed, is installed alone with core into an empty folder, and used there.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { addonFile, checkExports, platformTriple } from './addon.mjs';
import { packedOnce, repositoryField } from './pack-all.mjs';
import { run } from './say.mjs';
import { bindings, packages, ROOT } from './workspace.mjs';

const directory = mkdtempSync(join(tmpdir(), 'chunker-packed-'));
const plugins = packages().filter(({ manifest }) => manifest.chunker?.plugin);
const hasBinding = ({ stem, manifest }) => manifest.chunker?.limbs?.includes('binding') && bindings().includes(stem);
let tarballs;

before(async () => {
  tarballs = await packedOnce(join(directory, 'tarballs'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** An empty folder with the named packages installed from their tarballs. */
async function installedFolder(label, names) {
  const folder = mkdtempSync(join(directory, `${label}-`));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const files = names.map((name) => tarballs.get(name));
  const { code, output } = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...files], { cwd: folder });
  assert.equal(code, 0, output);
  return folder;
}

/** The same; answers a function that runs a module there. */
async function installed(label, names) {
  const folder = await installedFolder(label, names);
  return async (source) => {
    writeFileSync(join(folder, 'use.mjs'), source);
    const result = await run(process.execPath, ['use.mjs'], { cwd: folder, env: { CHUNKER_KERNEL: '' } });
    assert.equal(result.code, 0, result.output);
    return result.output.trim();
  };
}

const use = ({ manifest }) => `
  import assert from 'node:assert/strict';
  import { Registry } from '@chunker/core';
  import plugin from '${manifest.name}/plugin';
  const registry = Registry.of(...plugin);
  const data = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2654435761) >>> (i % 23));
  const kernels = [];
  for (const { kind, name } of plugin) {
    if (kind === 'codec') {
      const codec = await registry.codec(name);
      assert.deepEqual(await codec.decompress(await codec.compress(data)), data);
      kernels.push(codec.kernel);
    } else if (kind === 'hash') {
      const hash = await registry.hash(name);
      const whole = await hash.hash(data);
      assert.equal(whole.length, hash.digestLength);
      assert.deepEqual(hash.hashSync(data), whole);
      kernels.push(hash.kernel);
    } else {
      const chunker = await registry.chunker(name);
      const { lengths } = await chunker.chunk(data);
      assert.equal(lengths.reduce((sum, n) => sum + n, 0), data.length);
      kernels.push(chunker.kernel);
    }
  }
  await registry.dispose();
  console.log([...new Set(kernels)].join(' '));
`;

const readTarball = async (tarball, file) => (await run('tar', ['-xzOf', tarball, `package/${file}`])).output;
const listTarball = async (tarball) => (await run('tar', ['-tzf', tarball])).output.trim().split('\n');

/** What of others is in a package's bundles, by the marks that the bundler leaves. */
async function bundledNames(tarball, names) {
  const found = new Set();
  for (const name of names.filter((one) => one.endsWith('.js'))) {
    const text = await readTarball(tarball, name.replace(/^package\//, ''));
    for (const [, owner] of text.matchAll(/^\/\/ .*node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\/[^\n]*$/gm)) found.add(owner);
  }
  return found;
}

describe('tarballs', () => {
  for (const one of packages()) {
    test(`${one.manifest.name} is well formed`, async () => {
      const tarball = tarballs.get(one.manifest.name);
      const publint = await run(process.execPath, [join(ROOT, 'node_modules', 'publint', 'src', 'cli.js'), tarball, '--strict'], { cwd: ROOT });
      assert.equal(publint.code, 0, publint.output);
      if (!one.manifest.exports?.['.']) return;
      const attw = await run(process.execPath, [join(ROOT, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js'), tarball, '--profile', 'esm-only'], {
        cwd: ROOT,
      });
      assert.equal(attw.code, 0, attw.output);
    });
    test(`${one.manifest.name} carries no sources, no install script and no workspace protocol`, async () => {
      const tarball = tarballs.get(one.manifest.name);
      const output = await readTarball(tarball, 'package.json');
      assert.equal(JSON.parse(output).scripts, undefined);
      assert.doesNotMatch(output, /workspace:|@chunker\/source/);
      for (const name of await listTarball(tarball)) assert.match(name, /^package\/(dist\/|man\/|package\.json$|README|LICENSE|NOTICE|THIRD-PARTY)/);
    });
    test(`${one.manifest.name} has a page that says what it is, without links into the tree`, async () => {
      const page = await readTarball(tarballs.get(one.manifest.name), 'README.md');
      assert.ok(page.includes(one.manifest.name), page.slice(0, 200));
      assert.doesNotMatch(page, /\]\((?![a-z]+:)/);
    });
    test(`${one.manifest.name} carries its licences, and those of what is bundled in it`, async () => {
      const tarball = tarballs.get(one.manifest.name);
      const names = await listTarball(tarball);
      for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(names.includes(`package/${licence}`), licence);
      const bundled = await bundledNames(tarball, names);
      const notices = names.includes('package/dist/THIRD-PARTY.md') ? await readTarball(tarball, 'dist/THIRD-PARTY.md') : '';
      for (const name of bundled) assert.ok(notices.includes(`## ${name} `), `${name} is bundled and not in THIRD-PARTY.md`);
      if (names.some((name) => name.endsWith('.wasm'))) assert.match(await readTarball(tarball, 'THIRD-PARTY-WASM.md'), /^## \w+ \d/m);
    });
    if (!hasBinding(one)) continue;
    test(`${one.manifest.name}-${platformTriple()} holds the addon and its licences, nothing else`, async () => {
      const tarball = tarballs.get(`${one.manifest.name}-${platformTriple()}`);
      const manifest = JSON.parse(await readTarball(tarball, 'package.json'));
      assert.equal(manifest.scripts, undefined);
      const names = await listTarball(tarball);
      const expected = /^package\/(package\.json|LICENSE-MIT|LICENSE-APACHE|THIRD-PARTY\.md|NOTICES?(\.md)?|chunker-[\w.-]+\.node)$/;
      for (const name of names) assert.match(name, expected);
      for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'THIRD-PARTY.md', manifest.main]) assert.ok(names.includes(`package/${name}`), name);
      assert.match(await readTarball(tarball, 'THIRD-PARTY.md'), /^## napi \d/m);
      // Where C code is compiled in, its notice comes along.
      const kernel = readFileSync(join(ROOT, 'native', 'kernels', one.stem, 'Cargo.toml'), 'utf8');
      if (/^(zstd|liblzma|lz4|bzip2)\S*-sys\b/m.test(kernel)) assert.ok(names.includes('package/NOTICES.md'), 'NOTICES.md');
    });
  }
  test('every bundle that has a schema tells of zod', async () => {
    const withOptions = packages().filter(({ manifest }) => manifest.exports?.['./options']);
    assert.ok(withOptions.length > 0);
    for (const { manifest } of withOptions)
      assert.match(await readTarball(tarballs.get(manifest.name), 'dist/THIRD-PARTY.md'), /^## zod \d[^#]*MIT/m, manifest.name);
  });
});

describe('a plugin alone with core in an empty folder', () => {
  for (const one of plugins) {
    const { name } = one.manifest;
    if (hasBinding(one)) {
      test(`${name} works by its native kernel`, async () => {
        const inFolder = await installed(one.folder, ['@chunker/core', name, `${name}-${platformTriple()}`]);
        assert.equal(await inFolder(use(one)), 'native');
      });
      test(`${name} without its platform package falls back, or says what to install`, async () => {
        const inFolder = await installed(`${one.folder}-bare`, ['@chunker/core', name]);
        const answer = await inFolder(`
          import { Registry, isChunkerError } from '@chunker/core';
          import plugin from '${name}/plugin';
          const registry = Registry.of(...plugin);
          const [{ kind, name }] = plugin;
          try {
            console.log((await registry[kind](name)).kernel);
          } catch (error) {
            if (!isChunkerError(error, 'algorithm_unavailable')) throw error;
            console.log(error.message);
          }`);
        assert.match(answer, new RegExp(`^(platform|wasm|js)$|algorithm_unavailable.*${name}-${platformTriple()}`, 's'));
      });
    } else {
      test(`${name} works`, async () => {
        const inFolder = await installed(one.folder, ['@chunker/core', name]);
        assert.match(await inFolder(use(one)), /^[a-z ]+$/);
      });
    }
  }

  test('core without a plugin names the package to install', async () => {
    const inFolder = await installed('core', ['@chunker/core']);
    const answer = await inFolder(`
      import { Registry } from '@chunker/core';
      for (const [kind, name] of [['codec', 'zstd'], ['hash', 'blake3'], ['chunker', 'fastcdc']])
        await new Registry()[kind](name).then(() => { throw new Error('found'); }, (error) => console.log(error.code, error.details.install));`);
    assert.equal(answer, 'algorithm_unknown @chunker/codec-zstd\nalgorithm_unknown @chunker/hash-blake3\nalgorithm_unknown @chunker/chunking-fastcdc');
  });

  test('two installed copies, one required and one imported, work in one process and share its threads', async () => {
    const plugins = ['codec-zstd', 'hash-blake3', 'chunking-fastcdc', 'io'].map((name) => `@chunker/${name}`);
    const names = ['@chunker/core', '@chunker/pipeline', ...plugins, ...plugins.map((name) => `${name}-${platformTriple()}`)];
    const folders = await Promise.all(['one', 'other'].map((label) => installedFolder(label, names)));
    const env = { CHUNKER_KERNEL: '', CHUNKER_THREADS: '2' };
    const { code, output } = await run(process.execPath, [join(ROOT, 'tools', 'packed', 'two-copies.mjs'), ...folders], { env });
    assert.equal(code, 0, output);
    assert.equal(output.trim(), '2 threads, of one pool');
  });

  test('the command line, installed, has all that it needs', async () => {
    const inFolder = await installed('cli', [...tarballs.keys()]);
    const answer = await inFolder(`
      import { execFileSync } from 'node:child_process';
      const chunker = (...args) => execFileSync('node_modules/.bin/chunker', args, { encoding: 'utf8' });
      const algorithms = JSON.parse(chunker('list', '--json'));
      console.log(algorithms.filter(({ kernels }) => kernels.some(({ kind, available }) => kind === 'native' && available)).map(({ name }) => name).sort().join(' '));
      console.log(JSON.parse(chunker('scan', '--verify', '--json', 'node_modules/@chunker')).verified);`);
    const [native, verified] = answer.split('\n');
    for (const name of ['blake3', 'fastcdc', 'zstd']) assert.match(native, new RegExp(`\\b${name}\\b`));
    assert.equal(verified, 'true');
  });
});

describe('addons', () => {
  for (const stem of bindings()) {
    test(`${stem} exports its registration and the meeting point, nothing else`, () => checkExports(addonFile(stem)));
    test(`${stem} is stripped`, async () => {
      const { code, output } = await run('readelf', ['--section-headers', '--wide', addonFile(stem)]);
      assert.equal(code, 0, output);
      assert.match(output, /\.dynsym/);
      assert.doesNotMatch(output, /\.symtab|\.debug_/);
    });
    test(`${stem} needs the system's own libraries only`, async () => {
      const { code, output } = await run('readelf', ['-d', addonFile(stem)]);
      assert.equal(code, 0, output);
      for (const [, library] of output.matchAll(/NEEDED.*\[(.*)\]/g)) assert.match(library, /^(libc|libm|libgcc_s|libdl|libpthread|ld-linux)[.-]/);
    });
  }
});

test('addons are built with everything in one unit', () => {
  const profile = readFileSync(join(ROOT, 'Cargo.toml'), 'utf8').match(/^\[profile\.release\]\n((?:(?!\[).*\n)*)/m)?.[1] ?? '';
  for (const line of ['lto = "fat"', 'codegen-units = 1', 'strip = true']) assert.ok(profile.split('\n').includes(line), line);
});

test('a repository is named as whoever releases says it, and no other', () => {
  assert.deepEqual(repositoryField(undefined, 'packages/core'), {});
  const repository = { type: 'git', url: 'git+https://example.org/us/them.git', directory: 'packages/core' };
  for (const address of [
    'https://example.org/us/them',
    'https://example.org/us/them.git',
    'git+https://example.org/us/them.git',
    'https://example.org/us/them/',
  ])
    assert.deepEqual(repositoryField(address, 'packages/core'), { repository });
});

test('no package of ours is asked for by a version that is not published here', () => {
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
    for (const [dependency, range] of Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (dependency.startsWith('@chunker/')) assert.match(range, /^workspace:/, `${name} asks for ${dependency}@${range}`);
    }
  }
});
