// Compressed data that goes from us to the format's own tool, and from the tool to us.
import { join } from 'node:path';
import { quoted, sameBytes, text } from './shell.mjs';

/** Slow settings see the beginning. */
const PART_BYTES = 16 * 1024 * 1024;

/** All checks over one large file. */
export async function checkCodecs(report, { chunker }, folder, file) {
  const [all, part, packed] = [quoted(file), quoted(join(folder, 'part')), quoted(join(folder, 'packed'))];
  await text(`head -c ${PART_BYTES} ${all} > ${part}`);
  const same = (name, oracle, tool, line, original = all) =>
    report.check(name, oracle, [tool], async () => ({ bytes: await sameBytes(line, `cat ${original}`) }));
  await same('compress a file', 'zstd -d', 'zstd', `${chunker} compress -o ${packed} ${all} && zstd -tq ${packed} && zstd -dc ${packed}; rm -f ${packed}`);
  await same('compress a pipe', 'zstd -d', 'zstd', `cat ${all} | ${chunker} compress - | zstd -dc`);
  await same('compress at level 19', 'zstd -d', 'zstd', `${chunker} compress -c zstd:level=19 ${part} | zstd -dc`, part);
  await same('decompress a file', 'zstd -3', 'zstd', `zstd -qf -3 -o ${packed} ${all} && ${chunker} decompress ${packed}; rm -f ${packed}`);
  await same('decompress a pipe', 'zstd -3 --long=27', 'zstd', `zstd -3 --long=27 -c ${all} | ${chunker} decompress --max-memory 256MiB -`);
  await same(
    'decompress, high level, long window',
    'zstd -19 --long=27',
    'zstd',
    `zstd -19 --long=27 -c ${part} | ${chunker} decompress --max-memory 256MiB -`,
    part,
  );
  for (const [codec, unpack, pack] of [
    ['gzip', 'gzip -dc', 'gzip -c'],
    ['brotli', 'brotli -dc', 'brotli -c -q 5'],
  ]) {
    await same(`compress -c ${codec}`, unpack, codec, `${chunker} compress -c ${codec}${codec === 'brotli' ? ':quality=5' : ''} ${part} | ${unpack}`, part);
    await same(`decompress -c ${codec}`, pack, codec, `${pack} ${part} | ${chunker} decompress -c ${codec} -`, part);
  }
}
