import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * The plugin that the guide builds, as a stranger has it: in a folder of its own, with bundles of the kit and of core under node_modules, run by plain Node. The guide shows these
 * very files.
 */

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const PLUGIN = join(ROOT, 'examples/plugin-runs');
const folder = mkdtempSync(join(tmpdir(), 'chunker-stranger-'));

async function bundle(name: string, entries: Readonly<Record<string, string>>, external: readonly string[]): Promise<void> {
  const place = join(folder, 'node_modules', name);
  await build({
    entryPoints: Object.entries(entries).map(([out, file]) => ({ in: file, out })),
    outdir: place,
    absWorkingDir: join(ROOT, 'packages/conformance'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@chunker/source'],
    external: [...external],
    logLevel: 'error',
  });
  const exports = Object.fromEntries(Object.keys(entries).map((out) => [out === 'index' ? '.' : `./${out}`, `./${out}.js`]));
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

function node(...parameters: readonly string[]): Promise<Ended> {
  // Without vitest's and node:test's own variables: a test runner that thinks it is a child of another reports to that.
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, VITEST: _vitest, ...env } = process.env;
  return new Promise((done) => {
    execFile(process.execPath, [...parameters], { cwd: folder, env, timeout: 280_000 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, output: `${stdout}${stderr}` });
    });
  });
}

beforeAll(async () => {
  cpSync(PLUGIN, folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  const core = join(ROOT, 'packages/core/src/index.ts');
  const kit = join(ROOT, 'packages/conformance/src');
  await bundle('@chunker/core', { index: core, encoding: join(ROOT, 'packages/core/src/encoding/index.ts') }, ['#*']);
  await bundle('@chunker/conformance', { index: join(kit, 'index.ts'), bench: join(kit, 'bench/index.ts') }, ['@chunker/core']);
  await bundle('zod', { index: 'zod' }, []);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the plugin of the guide', () => {
  test('is registered and used', async () => {
    expect(await node('use.js')).toEqual({ code: 0, output: '13 runs\n1000\n1000\n' });
  });

  test('keeps its laws under node:test', async () => {
    const { code, output } = await node('--test', '--test-reporter=tap', 'laws.node.test.js');
    expect(output).toContain('ok 1 - codec.round-trip (js)');
    expect(output).toMatch(/# fail 0/);
    expect(Number(/# pass (\d+)/.exec(output)?.[1])).toBeGreaterThan(25);
    expect(code).toBe(0);
  });

  test('fails under node:test where it is broken, in words that help', async () => {
    const source = readFileSync(join(PLUGIN, 'runs.js'), 'utf8');
    writeFileSync(join(folder, 'runs.js'), source.replace('count < 255 &&', ''));
    try {
      const { code, output } = await node('--test', '--test-reporter=tap', 'laws.node.test.js');
      expect(code).toBe(1);
      expect(output).toContain('not ok 1 - codec.round-trip (js)');
      expect(output).toContain('does not keep its promise');
      expect(output).toContain('256 bytes of zeros (seed 0)');
    } finally {
      writeFileSync(join(folder, 'runs.js'), source);
    }
  });

  test('writes its report', async () => {
    const { code, output } = await node('report.js');
    expect(output).toMatch(/^(\d+) of \1 laws kept\n$/);
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(join(folder, 'conformance.json'), 'utf8')) as { algorithm: string; kernel: string }[];
    expect(new Set(report.map(({ algorithm, kernel }) => `${algorithm} ${kernel}`))).toEqual(
      new Set(['hex-text js', 'runs js', 'delta js', 'crc32 js', 'lines js', ...('crc32' in process.getBuiltinModule('node:zlib') ? ['crc32 platform'] : [])]),
    );
  });
});

describe('the guide', () => {
  const page = readFileSync(join(ROOT, 'docs/guides/write-a-plugin.md'), 'utf8');
  const shown = [...page.matchAll(/^```(?:js|json) file="([^"]+)"[^\n]*\n([\s\S]*?)^```$/gm)].map(
    ([, name, code]) => [name as string, code as string] as const,
  );

  test('shows every file of the plugin', () => {
    expect(shown.map(([name]) => name).sort()).toEqual(readdirSync(PLUGIN).sort());
  });

  test.each(shown)('shows %s as it is', (name, code) => {
    expect(code).toBe(readFileSync(join(PLUGIN, name), 'utf8'));
  });
});
