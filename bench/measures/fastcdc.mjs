// Cut points: ours from JavaScript, one thread, against the `fastcdc` 5.0.0 crate in Rust and the npm packages.
import { compute_chunks } from '@dstanesc/wasm-chunking-fastcdc-node';
import { Hasher } from 'gearhash-jit';
import { checksum, cpuTimed } from '../harness.mjs';

const KIB = 1024;
const SIZES = [
  [1024, 2.4],
  [512, 2.4],
  [64, 1.6],
  [16, 1.3],
  [4, 1.05],
];
// The mask that FastCDC uses after the average at 512 KiB, normalisation 1: one match in 2^18 bytes.
const MASK_512K = 0x0000d90707537000n;

export async function fastcdc({ registry, data, contender }) {
  const lines = [];
  for (const [kib, target] of SIZES) {
    const [min, avg, max] = [kib * 256, kib * KIB, kib * 4 * KIB];
    const chunker = await registry.chunker('fastcdc', { min, avg, max });
    const ours = () =>
      cpuTimed(
        () => chunker.chunkSync(data).lengths,
        (lengths) => `${lengths.length}:${checksum(lengths)}`,
      );
    lines.push({
      name: `fastcdc ${kib} KiB`,
      against: 'crate fastcdc 5.0.0',
      target,
      bytes: data.length,
      ours,
      theirs: () => contender.ask(`cut ${min} ${avg} ${max}`),
    });
    if (kib === 512 || kib === 64) {
      const small = data.subarray(0, 64 << 20);
      const oursSmall = () => cpuTimed(() => chunker.chunkSync(small).length);
      lines.push({
        name: `fastcdc ${kib} KiB, npm wasm`,
        against: '@dstanesc/wasm-chunking-fastcdc-node',
        target: 1,
        same: false, // its cut points are those of an older crate
        bytes: small.length,
        ours: oursSmall,
        theirs: () => cpuTimed(() => compute_chunks(small, min, avg, max).length),
      });
    }
    if (kib === 512) lines.push(gearLine(chunker, data.subarray(0, 64 << 20)));
  }
  return lines;
}

/** The most that the package takes at once. */
const GEAR_BYTES = 480 << 10;

/** First match at or after `from`, or `to`. */
function gearCut(hasher, bytes, from, to) {
  hasher.resetHash();
  for (let at = from; at < to; at += GEAR_BYTES) {
    const found = hasher.nextMatch(bytes.subarray(at, Math.min(at + GEAR_BYTES, to)));
    if (found >= 0) return at + found;
  }
  return to;
}

/** The package only scans for a mask; a chunker on it would skip the minimum as ours does, so it is asked from there on. */
function gearLine(chunker, small) {
  const hasher = new Hasher(MASK_512K);
  const scan = () => {
    let count = 0;
    for (let at = 0; at < small.length; count++) at = gearCut(hasher, small, Math.min(at + 131072, small.length), Math.min(at + 2097152, small.length));
    return count;
  };
  return {
    name: 'fastcdc 512 KiB, npm scan',
    against: 'gearhash-jit',
    target: 1,
    same: false, // another mask rule before the average
    bytes: small.length,
    ours: () => cpuTimed(() => chunker.chunkSync(small).length),
    theirs: () => cpuTimed(scan),
  };
}
