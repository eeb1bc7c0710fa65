// What is published is what is tested: every plugin, packed, is installed alone with core into an empty folder, and used there.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { addonFile, checkExports, platformTriple } from './addon.mjs';
import { packAll } from './pack-all.mjs';
import { run } from './say.mjs';
import { bindings, packages, ROOT } from './workspace.mjs';

const directory = mkdtempSync(join(tmpdir(), 'chunker-packed-'));
const plugins = packages().filter(({ manifest }) => manifest.chunker?.plugin);
const hasBinding = ({ stem, manifest }) => manifest.chunker?.limbs?.includes('binding') && bindings().includes(stem);
let tarballs;

before(async () => {
  tarballs = await packAll(join(directory, 'tarballs'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** An empty folder with the named packages installed from their tarballs; answers a function that runs a module there. */
async function installed(label, names) {
  const folder = mkdtempSync(join(directory, `${label}-`));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const files = names.map((name) => tarballs.get(name));
  const { code, output } = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...files], { cwd: folder });
  assert.equal(code, 0, output);
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
      const { output } = await run('tar', ['-xzOf', tarballs.get(one.manifest.name), 'package/package.json']);
      const manifest = JSON.parse(output);
      assert.equal(manifest.scripts, undefined);
      assert.doesNotMatch(output, /workspace:|@chunker\/source/);
      const { output: listing } = await run('tar', ['-tzf', tarballs.get(one.manifest.name)]);
      for (const name of listing.trim().split('\n')) assert.match(name, /^package\/(dist\/|package\.json$|README|LICENSE|NOTICE|THIRD-PARTY)/);
      assert.match(listing, /LICENSE-MIT/);
    });
  }
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
    test(`${stem} needs the system's own libraries only`, async () => {
      const { code, output } = await run('readelf', ['-d', addonFile(stem)]);
      assert.equal(code, 0, output);
      for (const [, library] of output.matchAll(/NEEDED.*\[(.*)\]/g)) assert.match(library, /^(libc|libm|libgcc_s|libdl|libpthread|ld-linux)[.-]/);
    });
  }
});

test('no package of ours is asked for by a version that is not published here', () => {
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
    for (const [dependency, range] of Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (dependency.startsWith('@chunker/')) assert.match(range, /^workspace:/, `${name} asks for ${dependency}@${range}`);
    }
  }
});
