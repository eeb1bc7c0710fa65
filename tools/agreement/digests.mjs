// Digests of files, and lists of them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf, quoted, sameLines, text } from './shell.mjs';

/** Names in one command line. */
const BATCH = 1000;
/** The slower hashes take a part of the files. */
const PART_BYTES = 300_000_000;

/** `hash` against b3sum and the coreutils over all of `files`. */
export async function checkDigests(report, { chunker }, folder, files) {
  const part = firstOf(files, PART_BYTES);
  for (const [algorithm, tool, some] of [
    ['blake3', 'b3sum', files],
    ['sha256', 'sha256sum', files],
    ['sha512', 'sha512sum', part],
    ['md5', 'md5sum', part],
  ]) {
    await report.check(`hash -a ${algorithm}`, tool, [tool], async () => {
      for (const names of batches(some))
        sameLines(linesOf(await text(`${chunker} hash -a ${algorithm} -- ${names}`)), linesOf(await text(`${tool} -- ${names}`)));
      return { bytes: bytesOf(some), things: `${some.length} files` };
    });
  }
  await report.check('hash --check', 'a list by b3sum', ['b3sum'], async () => {
    const list = join(folder, 'sums');
    const sums = linesOf((await Promise.all([...batches(part)].map((names) => text(`b3sum -- ${names}`)))).join(''));
    writeFileSync(list, `${sums.join('\n')}\n`);
    const rows = linesOf(await text(`${chunker} hash --check ${quoted(list)}`));
    sameLines(rows, linesOf(await text(`b3sum --check ${quoted(list)}`)));
    // One digit wrong: that file is named, and the status says so.
    const wrong = sums.length >> 1;
    sums[wrong] = sums[wrong].replace(/[0-9a-f]/, (digit) => (digit === '0' ? '1' : '0'));
    writeFileSync(list, `${sums.join('\n')}\n`);
    const failing = (tool) => text(`(${tool} --check ${quoted(list)} 2>/dev/null; echo "status $?")`).then(linesOf);
    sameLines(await failing(`${chunker} hash`), await failing('b3sum'));
    return { bytes: 4 * bytesOf(part), things: `${part.length} files` };
  });
}

const bytesOf = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);

function firstOf(files, bytes) {
  let sum = 0;
  return files.filter((file) => {
    if (sum + file.bytes > bytes) return false;
    sum += file.bytes;
    return true;
  });
}

function* batches(files) {
  for (let at = 0; at < files.length; at += BATCH) {
    const names = files.slice(at, at + BATCH).map(({ path }) => quoted(path));
    yield names.join(' ');
  }
}
