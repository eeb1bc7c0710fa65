// Trees: archives, their digests, and what they are cut into.
import { createHash } from 'node:crypto';
import { linesOf, quoted, sameBytes, sameLines, text } from './shell.mjs';

const SCAN = { chunker: 'fastcdc:min=256KiB,avg=1MiB,max=4MiB', sizes: [262144, 1048576, 4194304], level: 3 };
/** Neither powers of two nor even: FastCDC of 2016 and of 2020 differ there, and the mask is chosen by the rounded logarithm. */
const ODD = { chunker: 'fastcdc:min=5001,avg=20001,max=70001', sizes: [5001, 20001, 70001] };
/** Files that are cut one by one. */
const LARGE_FILES = 12;

/** All checks of one tree. `tools`: { chunker, contender } as words of the shell. */
export async function checkTree(report, { chunker, contender }, tree, files) {
  const path = quoted(tree);
  const dump = `nix-store --dump ${path}`;
  const sum = createHash('sha256');
  let narSize = 0;
  await report.check('nar pack', 'nix-store --dump', ['nix-store'], async () => {
    narSize = await sameBytes(`${chunker} nar pack ${path}`, dump, (bytes) => sum.update(bytes));
    return { bytes: narSize, things: `${files.length} files` };
  });
  const narHash = `sha256-${sum.digest('base64')}`;
  await report.check('nar hash', 'sha256 of that', ['nix-store'], async () => {
    const ours = JSON.parse(await text(`${chunker} nar hash --json ${path}`));
    sameLines([ours.narHash, String(ours.narSize)], [narHash, String(narSize)]);
    sameLines([await text(`${dump} | ${chunker} nar hash --json -`)], [await text(`${chunker} nar hash --json ${path}`)]);
    return { bytes: 3 * narSize };
  });
  await report.check('scan, a line per chunk, and its sums', 'fastcdc, blake3, libzstd', ['nix-store'], async () => {
    const theirs = await text(`${dump} | ${contender} chunks ${SCAN.sizes.join(' ')} ${SCAN.level}`);
    const things = compareScan(
      await text(`${chunker} scan --json --each --verify --chunker ${SCAN.chunker} --codec zstd:level=${SCAN.level} ${path}`),
      theirs,
      narHash,
    );
    compareScan(await text(`${dump} | ${chunker} scan --json --each --chunker ${SCAN.chunker} --codec zstd:level=${SCAN.level} -`), theirs);
    return { bytes: 2 * narSize, things: `${things} chunks` };
  });
  await report.check('chunk of a stream, odd sizes', 'fastcdc, blake3', ['nix-store'], async () => {
    const ours = await text(`${dump} | ${chunker} chunk --json --chunker ${ODD.chunker} -`);
    const things = compareChunks(ours, await text(`${dump} | ${contender} chunks ${ODD.sizes.join(' ')}`));
    return { bytes: narSize, things: `${things} chunks` };
  });
  await report.check('chunk of files', 'fastcdc, blake3', [], async () => {
    let [bytes, chunks] = [0, 0];
    for (const file of [...files].sort((a, b) => b.bytes - a.bytes).slice(0, LARGE_FILES)) {
      for (const { chunker: spec, sizes } of [SCAN, ODD]) {
        const ours = await text(`${chunker} chunk --json --chunker ${spec} ${quoted(file.path)}`);
        chunks += compareChunks(ours, await text(`${contender} chunks ${sizes.join(' ')} < ${quoted(file.path)}`));
        bytes += file.bytes;
      }
    }
    return { bytes, things: `${chunks} chunks` };
  });
}

function compareChunks(ours, theirs) {
  const lines = linesOf(ours).map((line) => {
    const { offset, length, hash } = JSON.parse(line);
    return `${offset} ${length} ${hash}`;
  });
  sameLines(lines, linesOf(theirs));
  return lines.length;
}

function compareScan(ours, theirs, narHash) {
  const rows = linesOf(ours).map((line) => JSON.parse(line));
  const report = rows.pop();
  const expected = linesOf(theirs);
  sameLines(
    rows.map(({ offset, length, hash, duplicate, compressedLength }) => `${offset} ${length} ${hash} ${duplicate === true ? '=' : compressedLength}`),
    expected,
  );
  const sums = { bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };
  for (const [, length, , compressed] of expected.map((line) => line.split(' '))) {
    sums.bytes += Number(length);
    sums.chunks += 1;
    if (compressed === '=') continue;
    sums.uniqueChunks += 1;
    sums.uniqueBytes += Number(length);
    sums.compressedBytes += Number(compressed);
  }
  for (const [name, value] of Object.entries(sums)) sameLines([`${name} ${report[name]}`], [`${name} ${value}`]);
  if (narHash !== undefined) sameLines([report.paths[0].narHash], [narHash]);
  return sums.chunks;
}
