// `node bench/run.mjs [--once] [--only WORD] [--rounds N]`: measures every target, prints the table, writes the record.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import blake3Plugin from '@chunker/hash-blake3/plugin';
import fastcdcPlugin from '@chunker/chunking-fastcdc/plugin';
import sha256Plugin from '@chunker/hash-sha256/plugin';
import xzPlugin from '@chunker/codec-xz/plugin';
import zstdPlugin from '@chunker/codec-zstd/plugin';
import { Registry } from '@chunker/core';
import { ROOT } from '../tools/workspace.mjs';
import { buildContender, openContender } from './contender.mjs';
import { binaries } from './data.mjs';
import { measure } from './harness.mjs';
import { blake3 } from './measures/blake3.mjs';
import { border } from './measures/border.mjs';
import { fastcdc } from './measures/fastcdc.mjs';
import { jobs } from './measures/jobs.mjs';
import { xz } from './measures/xz.mjs';
import { narPack } from './measures/nar-pack.mjs';
import { narRead } from './measures/nar-read.mjs';
import { reading } from './measures/reading.mjs';
import { sha256 } from './measures/sha256.mjs';
import { smallFiles } from './measures/small-files.mjs';
import { wholeJobs } from './measures/whole-jobs.mjs';
import { zstd } from './measures/zstd.mjs';

const MIB = 1 << 20;
const { values } = parseArgs({
  options: { once: { type: 'boolean' }, only: { type: 'string' }, rounds: { type: 'string', default: '7' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  console.log('node bench/run.mjs [--once] [--only WORD] [--rounds N]');
  console.log('Measures every target, prints the table and writes the record. --once: one quick round, no record. --only: lines with the word.');
  process.exit(0);
}
const rounds = values.once ? 1 : Number(values.rounds);
const kernelBytes = values.once ? 32 * MIB : 128 * MIB;
const jobBytes = values.once ? 64 * MIB : 1_000_000_000;

function format(result) {
  const number = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
  const mark = { reached: 'reached', missed: 'MISSED', shown: '' }[result.verdict];
  if (result.value !== undefined)
    return `${result.name.padEnd(44)} ${`${number(result.value)} ${result.unit}`.padStart(12)}   ${result.against.padEnd(34)} ${mark}`;
  const target = result.target === undefined ? '' : `>= ${result.target}`;
  const speeds = `${number(result.ours)} / ${number(result.theirs)} ${result.unit}`;
  const memory = result.peakMiB ? `   peak ${number(result.peakMiB.ours)} / ${number(result.peakMiB.theirs)} MiB` : '';
  return `${result.name.padEnd(44)} ${`x${result.ratio.toFixed(2)}`.padStart(8)} ${target.padEnd(8)} ${speeds.padEnd(24)} ${result.against.padEnd(34)} ${mark}${memory}`;
}

buildContender();
const file = binaries(kernelBytes);
const context = {
  registry: Registry.of(...zstdPlugin, ...xzPlugin, ...blake3Plugin, ...sha256Plugin, ...fastcdcPlugin),
  data: new Uint8Array(readFileSync(file)),
  contender: openContender(file),
  // Ended when all is measured.
  contenders: [],
  file,
  once: Boolean(values.once),
  jobFile: binaries(jobBytes),
  jobBytes,
};

const results = [];
for (const lines of [fastcdc, blake3, sha256, zstd, xz, border, reading, jobs, narPack, smallFiles, narRead, wholeJobs]) {
  for (const line of await lines(context)) {
    if (values.only && !line.name.includes(values.only)) continue;
    await line.prepare?.();
    const result = await measure(line, line.rounds ? Math.min(line.rounds, rounds) : rounds);
    results.push(result);
    process.stdout.write(`${format(result)}\n`);
  }
}
for (const contender of [context.contender, ...context.contenders]) contender.close();
await context.registry.dispose();

const missed = results.filter(({ verdict }) => verdict === 'missed');
process.stdout.write(`\n${results.length} lines, ${results.filter(({ verdict }) => verdict === 'reached').length} targets reached, ${missed.length} missed\n`);
if (!values.once) {
  const folder = join(ROOT, 'bench', 'records');
  mkdirSync(folder, { recursive: true });
  const machine = {
    cpu: cpus()[0].model,
    cpus: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
  const name = `${new Date().toISOString().slice(0, 10)}${values.only ? `-${values.only}` : ''}.json`;
  writeFileSync(join(folder, name), `${JSON.stringify({ at: new Date().toISOString(), machine, rounds, kernelBytes, jobBytes, results }, null, 1)}\n`);
  process.stdout.write(`record: bench/records/${name}\n`);
}
