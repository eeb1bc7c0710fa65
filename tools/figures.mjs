// Writes the README's section "What is fast" from the newest whole record of the benchmarks: no figure there that was not measured, none that was chosen. Usage: figures.mjs [FILE].
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

const RECORDS = join(ROOT, 'bench', 'records');
const target = process.argv[2] ?? join(ROOT, 'README.md');

/** Lines of a record that make one row: all whose name fits, against one contender; what the name's group holds tells them apart. */
const ROWS = [
  ['FastCDC cut points', /^fastcdc ([^,]*)$/, /^crate fastcdc/],
  ['FastCDC cut points', /^fastcdc ([^,]*), npm wasm$/, /./],
  ['BLAKE3', /^blake3 ([\d.]+ [KM]iB)$/, /^crate blake3/],
  ['BLAKE3, a batch of many', /^blake3 batch of (.*)$/, /one call per message/],
  ['BLAKE3, one by one', /^blake3 (.*) one by one, npm$/, /^hash-wasm/],
  ['BLAKE3, one by one', /^blake3 (.*) one by one, npm$/, /^@napi-rs/],
  ['zstd 3 compress', /^zstd 3 compress ([^,]*)$/, /reused context/],
  ['zstd 3 decompress', /^zstd 3 decompress ([^,]*)$/, /reused context/],
  ['zstd 3 compress', /^zstd 3 compress ([^,]*)$/, /a context per call/],
  ['zstd 3 decompress', /^zstd 3 decompress ([^,]*)$/, /a context per call/],
  ['zstd 3 compress', /^zstd 3 compress ([^,]*), npm$/, /./],
  ['zstd 3 decompress', /^zstd 3 decompress ([^,]*), npm$/, /./],
  ['xz 6 compress', /^xz 6 compress ([^,]*)$/, /liblzma/],
  ['xz 6 decompress', /^xz 6 decompress ([^,]*)$/, /liblzma/],
  ['xz 6 compress, blocks of 4 MiB', /^xz 6 compress .*(2 threads)$/, /xz -T2/],
  ['NAR pack', /^NAR pack, (.*)$/, /nix-store/],
  ['NAR unpack', /^NAR unpack, (.*)$/, /nix-store/],
  ['walk and read', /^walk and read (.* small files)$/, /readFile/],
  ['nix-base32', /^nix-base32 of (.*)$/, /./],
  ['read a large file', /^read, (.* at a time)$/, /pread/],
  ['file to chunk list', /^file to chunk list$/, /./],
  ['`chunker scan`, zstd 3, the whole process', /^scan of (a tree|.* small files), whole process$/, /restic/],
  ['`chunker scan`, zstd 3, the whole process', /^scan of (a tree|.* small files), whole process$/, /borg/],
  ['`chunker scan`, zstd 3, the whole process', /^scan of (a tree|.* small files), whole process$/, /casync/],
  ['`chunker scan`, zstd 3, the whole process', /^scan of (.*?)(?:, zstd 3)?, whole process$/, /Rust program/],
  ['`chunker scan` and what its stages take alone', /^scan of (.*), zstd 3$/, /ceiling/],
];

const round = (value) => (value >= 100 ? value.toFixed(0) : value >= 2 ? value.toFixed(1) : value.toFixed(2));

function newest() {
  const name = readdirSync(RECORDS)
    .filter((one) => /^\d{4}-\d\d-\d\d\.json$/.test(one))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`${RECORDS} holds no whole record: node bench/run.mjs`);
  return { name, ...JSON.parse(readFileSync(join(RECORDS, name), 'utf8')) };
}

function rowOf(results, [job, name, against]) {
  const lines = results.filter((one) => one.ratio !== undefined && name.test(one.name) && against.test(one.against));
  if (lines.length === 0) return [];
  const sizes = lines.flatMap((one) => one.name.match(name)[1] ?? []);
  const ratios = lines.map(({ ratio, target: wanted, verdict }) => (verdict === 'missed' ? `${round(ratio)} (of ${wanted})` : round(ratio)));
  return [`| ${[job, sizes.join(' / ')].filter(Boolean).join(': ')} | ${lines[0].against} | ${ratios.join(' / ')} |`];
}

function section({ name, machine, results, rounds }) {
  const rows = ROWS.flatMap((row) => rowOf(results, row));
  const limits = results.filter((one) => one.value !== undefined).map((one) => `| ${one.name} | ${round(one.value)} ${one.unit} | ${one.limit} ${one.unit} |`);
  const judged = results.filter(({ verdict }) => verdict !== 'shown');
  const reached = judged.filter(({ verdict }) => verdict === 'reached');
  return `## What is fast

Measured by \`node bench/run.mjs\` on ${machine.cpus} cores of an ${machine.cpu} (${machine.platform}, Node ${machine.node.replace(/^v/, '')}): outputs compared first, sides in turn, medians of ${rounds} rounds. This section is written
from the record [${name}](bench/records/${name}) by \`tools/figures.mjs\`. Ratios are speeds against the named other in the same run, above 1 is faster; ours are called from JavaScript, the crates from
Rust. What the others do is said in [bench/README.md](bench/README.md).

| job | against | ratio |
|---|---|---|
${rows.join('\n')}

| | measured | at most wanted |
|---|---|---|
${limits.join('\n')}

Of ${judged.length} targets in that record ${reached.length} are reached; where a ratio misses its target, that stands behind it.

`;
}

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const [before, after] = [readme.indexOf('## What is fast\n'), readme.indexOf('## Licence\n')];
if (before < 0 || after < before) throw new Error("README.md has no section '## What is fast' before '## Licence'");
writeFileSync(target, readme.slice(0, before) + section(newest()) + readme.slice(after));
