// The guides as a stranger follows them: in an empty folder, with what is published. Commands of a page are run, its blocks are written to files, checked by the compiler as an installer's own, and run.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { transform } from 'esbuild';
import ts from 'typescript';
import { serveTarballs } from './local-registry.mjs';
import { packedOnce } from './pack-all.mjs';
import { run } from './say.mjs';
import { pages, snippetsOf } from './snippets.mjs';
import { packages, ROOT } from './workspace.mjs';

const GUIDES = join(ROOT, 'docs', 'guides');
// Without links in its name: the compiler and node name files by their real paths.
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'chunker-guides-')));
let registry;

before(async () => {
  registry = await serveTarballs(await packedOnce(join(directory, 'tarballs')), directory);
});
after(() => {
  registry?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A person of their own: a home, a place for what is installed globally, a folder to be in. */
function stranger(name) {
  const home = join(directory, name);
  mkdirSync(home, { recursive: true });
  const installed = join(home, 'global');
  const path = [dirname(process.execPath), join(installed, 'bin'), process.env.PATH].join(delimiter);
  const npm = { ...registry.env, npm_config_cache: process.env.npm_config_cache ?? join(process.env.HOME ?? home, '.npm'), npm_config_prefix: installed };
  // A test runner that finds itself inside another would report to that one.
  const quiet = { CHUNKER_KERNEL: '', NO_COLOR: '1', NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined };
  return { home, at: home, env: { ...npm, ...quiet, HOME: home, PATH: path } };
}

async function succeeds(command, args, { at, env }) {
  const { code, output } = await run(command, args, { cwd: at, env });
  assert.equal(code, 0, `${[command, ...args].join(' ')}\n${output}`);
  return output;
}

/** Types lines into a shell; whoever types stays where they led. */
async function type(lines, who) {
  await succeeds('bash', ['-euo', 'pipefail', '-c', `${lines}\npwd > "$HOME/.place"`], who);
  who.at = readFileSync(join(who.home, '.place'), 'utf8').trim();
}

const RESOLUTIONS = {
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
};

/** Declarations of the platform are read once for all programs. */
const platform = new Map();
function hostOf(options) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, version, ...rest) => {
    if (!file.startsWith(ROOT)) return getSourceFile(file, version, ...rest);
    const key = `${file} ${JSON.stringify(version)}`;
    if (!platform.has(key)) platform.set(key, getSourceFile(file, version, ...rest));
    return platform.get(key);
  };
  return host;
}

/** What the compiler says of files: in JavaScript it infers, in TypeScript it is strict. With `declarations` it checks those that were installed as well. */
function complaints(files, { declarations = false } = {}) {
  const options = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
  };
  const common = { ...options, skipLibCheck: !declarations, allowJs: true, checkJs: true, typeRoots: [join(ROOT, 'node_modules', '@types')] };
  return Object.entries(RESOLUTIONS).flatMap(([name, resolution]) =>
    ['ts', 'js'].flatMap((language) => {
      const chosen = files.filter((file) => file.endsWith(`.${language}`));
      if (chosen.length === 0) return [];
      const settings = { ...common, ...resolution, noImplicitAny: language === 'ts' };
      const program = ts.createProgram(chosen, settings, hostOf(settings));
      const found = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
        const line = file === undefined ? '' : ` line ${file.getLineAndCharacterOfPosition(start).line + 1}`;
        return `${name}: ${file?.fileName}${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      });
      return found.filter((text) => !text.includes(join(ROOT, 'node_modules')));
    }),
  );
}

/** As a runtime without types would have it. */
const withoutTypes = async (code) => (await transform(code, { loader: 'ts', format: 'esm' })).code;

for (const page of readdirSync(GUIDES).map((name) => join(GUIDES, name))) {
  describe(basename(page), () => {
    let who;
    const written = new Set();
    before(() => {
      who = stranger(basename(page, '.md'));
    });
    for (const [index, { name, language, skip, file, code }] of snippetsOf(page, ['sh', 'js', 'ts', 'json']).entries()) {
      test(name, { skip: skip ?? false }, async () => {
        if (language === 'sh') return type(code, who);
        const source = join(who.at, file ?? `block-${index + 1}.${language}`);
        writeFileSync(source, code);
        if (language === 'json') return;
        written.add(source);
        if (file !== undefined) return;
        const runs = source.replace(/ts$/, 'js');
        if (language === 'ts') writeFileSync(runs, await withoutTypes(code));
        await succeeds(process.execPath, [runs], who);
      });
    }
    test('the compiler accepts its blocks', () => assert.deepEqual(complaints([...written]), []));
  });
}

describe('all packages together', () => {
  let who;
  before(async () => {
    who = stranger('together');
    const names = packages().map(({ manifest }) => manifest.name);
    await type(`mkdir all && cd all && npm init -y && npm pkg set type=module && npm install ${names.join(' ')}`, who);
  });

  test('the compiler accepts the blocks of all other pages, and all declarations', () => {
    const files = [];
    for (const page of pages()) {
      if (dirname(page) === GUIDES) continue;
      for (const { language, skip, code } of snippetsOf(page)) {
        if (skip !== undefined) continue;
        const file = join(who.at, `page-${files.length}.${language}`);
        writeFileSync(file, code);
        files.push(file);
      }
    }
    assert.ok(files.length > 5);
    assert.deepEqual(complaints(files, { declarations: true }), []);
  });

  test('every public sub-path can be imported, and required by CommonJS', async () => {
    const doors = packages().flatMap(({ manifest }) =>
      Object.entries(manifest.exports)
        .filter(([, target]) => typeof target === 'object')
        .map(([path]) => manifest.name + path.slice(1)),
    );
    const code = `const assert = require('node:assert/strict');
      (async () => {
        for (const door of ${JSON.stringify(doors)}) {
          const [required, imported] = [require(door), await import(door)];
          for (const name of Object.keys(imported)) assert.equal(required[name], imported[name], door);
        }
        const { Registry } = require('@chunker/core');
        const { zstd } = require('@chunker/codec-zstd');
        const codec = await Registry.of(zstd).codec('zstd');
        assert.equal(codec.decompressSync(codec.compressSync(new Uint8Array(1000))).length, 1000);
      })().catch((error) => { console.error(error); process.exitCode = 1; });`;
    writeFileSync(join(who.at, 'all.cjs'), code);
    assert.equal(await succeeds(process.execPath, ['all.cjs'], who), '');
  });

  test('the compiler accepts CommonJS', () => {
    writeFileSync(
      join(who.at, 'common.cts'),
      "import core = require('@chunker/core');\nimport { zstd } from '@chunker/codec-zstd';\nexport const registry = core.Registry.of(zstd);\n",
    );
    const options = {
      ...RESOLUTIONS.nodenext,
      target: ts.ScriptTarget.ES2022,
      types: ['node'],
      strict: true,
      noEmit: true,
      typeRoots: [join(ROOT, 'node_modules', '@types')],
    };
    const program = ts.createProgram([join(who.at, 'common.cts')], { ...options, skipLibCheck: true });
    assert.deepEqual(
      ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText),
      [],
    );
  });
});
