// Whole jobs as people run them: a tree of 1 GB and 20 000 small files, scanned, against restic, borg and casync and against the plain Rust program. All on a memory file system.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@chunker/core';
import sha256Plugin from '@chunker/hash-sha256/plugin';
import { narStream } from '@chunker/nar';
import { ROOT } from '../../tools/workspace.mjs';
import { CONTENDER, openContender } from '../contender.mjs';
import { copyBinaries, writeSmallFiles } from '../data.mjs';
import { place } from '../place.mjs';
import { runTool, versionOf } from '../tools.mjs';
import { narHashNs, stages } from './jobs.mjs';

const CLI = join(ROOT, 'packages', 'cli', 'dist', 'chunker.js');
const [MIN, AVG, MAX] = [256 << 10, 1 << 20, 4 << 20];
const SMALL_FILES = 20_000;

/**
 * Each tool cuts into chunks of about 1 MiB where it lets one choose, and compresses by zstd as near to level 3 as it goes; restic chooses both itself. They also write their repository, and restic
 * encrypts it (it cannot do without); `scan` writes nothing. Every round begins with an empty repository, made before the clock runs.
 */
const TOOLS = [
  {
    program: 'restic',
    target: 2.5,
    env: (home) => ({ RESTIC_PASSWORD: 'bench', RESTIC_REPOSITORY: home }),
    create: () => ['init', '--quiet'],
    store: (_home, tree) => ['backup', '--quiet', '--no-cache', '--compression', 'auto', tree],
  },
  {
    program: 'borg',
    debian: 'borgbackup',
    target: 2.5,
    env: (home) => ({ BORG_BASE_DIR: `${home}-base`, BORG_REPO: home, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' }),
    create: () => ['init', '--encryption', 'none'],
    store: (_home, tree) => ['create', '--compression', 'zstd,3', '--chunker-params', 'buzhash,18,22,20,4095', '::tree', tree],
  },
  {
    program: 'casync',
    env: () => ({}),
    store: (home, tree) => ['make', `--store=${home}.castr`, '--compression=zstd', `--chunk-size=${MIN}:${AVG}:${MAX}`, `${home}.caidx`, tree],
  },
];

async function scan(path) {
  const { ns, output, peakMiB } = await runTool(process.execPath, [CLI, 'scan', '--json', path]);
  return { ns, peakMiB, seconds: JSON.parse(output).seconds };
}

async function storeBy(tool, home, tree) {
  const env = tool.env(home);
  const clear = () => {
    for (const path of [home, `${home}-base`, `${home}.castr`, `${home}.caidx`]) rmSync(path, { recursive: true, force: true });
  };
  clear();
  try {
    if (tool.create) await runTool(tool.program, tool.create(home), env);
    const { ns, peakMiB } = await runTool(tool.program, tool.store(home, tree), env);
    return { ns, peakMiB };
  } finally {
    clear();
  }
}

/** The tools that are here, each with its version; the others are named. */
function installed() {
  return TOOLS.flatMap((tool) => {
    const version = versionOf(tool.program);
    if (version !== undefined) return [{ ...tool, version }];
    process.stdout.write(`skipped: whole jobs against ${tool.program}, which is not installed (Debian: ${tool.debian ?? tool.program})\n`);
    return [];
  });
}

/** The lines of one tree, named by `what`, whose path `made()` answers; it is made when the first line is measured. Small files are judged by the time for one, below. */
function against(what, bytes, made, tools, cores, judged) {
  let tree;
  const line = {
    bytes,
    rounds: 3,
    same: false, // each has a format of its own; that nothing is lost is what the tests prove
    prepare: async () => {
      tree = await made();
    },
    ours: () => scan(tree),
  };
  return [
    ...tools.map((tool) => ({
      ...line,
      name: `scan of ${what}, whole process`,
      against: `${tool.program} ${tool.version}, which also writes`,
      target: judged ? tool.target : undefined,
      theirs: () => storeBy(tool, `${tree}-${tool.program}`, tree),
    })),
    {
      ...line,
      name: `scan of ${what}, whole process`,
      against: 'the plain Rust program',
      target: judged ? 1.1 : undefined,
      theirs: () => runTool(CONTENDER, ['pack', '/dev/null', MIN, AVG, MAX, 3, cores, tree]),
    },
  ];
}

function whenFirstAsked(make) {
  let made;
  return () => {
    made ??= make();
    return made;
  };
}

export async function wholeJobs({ registry, data, jobBytes, contenders, once }) {
  const cores = availableParallelism();
  const tools = installed();
  const count = once ? 1_000 : SMALL_FILES;
  const folder = whenFirstAsked(place);
  const large = whenFirstAsked(() => copyBinaries(join(folder(), 'large'), jobBytes));
  const small = whenFirstAsked(() => writeSmallFiles(join(folder(), 'small'), data, count));
  const archive = whenFirstAsked(() => archiveOf(large(), join(folder(), 'large.nar'), contenders));
  return [
    ...against('a tree', jobBytes, large, tools, cores, true),
    ceiling(registry, jobBytes, large, archive, cores),
    { name: 'peak memory of a scan of a tree', limit: 120, unit: 'MiB', rounds: 3, ours: async () => ({ value: (await scan(large())).peakMiB }) },
    ...against(`${count} small files`, undefined, small, tools, cores, false),
    {
      name: 'scan of small files, per file',
      limit: 25,
      unit: 'us',
      ours: async () => ({ value: ((await scan(small())).seconds * 1e6) / count }),
    },
  ];
}

/** The scan against what its stages take alone, the archive's own digest among them. */
function ceiling(registry, bytes, large, archive, cores) {
  let nar;
  const sha256 = new Registry().register(...sha256Plugin);
  return {
    name: 'scan of a tree, zstd 3',
    against: 'composed ceiling with NarHash',
    target: 0.93,
    bytes,
    rounds: 5,
    same: false, // a ceiling has no output
    prepare: async () => {
      nar = await archive();
    },
    ours: async () => ({ ns: (await scan(large())).seconds * 1e9 }),
    theirs: async () => ({ ns: ((await stages(registry, nar.file, nar.contender)) + (await narHashNs(sha256, nar.file))) / cores }),
  };
}

/** The tree as one archive, and the contender that reads it. */
async function archiveOf(tree, file, contenders) {
  const output = openSync(file, 'w');
  for await (const piece of narStream(tree)) for (let done = 0; done < piece.length; ) done += writeSync(output, piece, done);
  closeSync(output);
  const contender = openContender(file);
  contenders.push(contender);
  return { file, contender };
}
