// zstd: against libzstd with reused contexts (no border at all), with a context per call, and against the npm binding that installs.
import * as cloudpss from '@cloudpss/zstd/napi';
import { cpuTimed, pieces } from '../harness.mjs';

function* views(data, lengths) {
  let at = 0;
  for (const length of lengths) {
    yield data.subarray(at, at + length);
    at += length;
  }
}

function frames(codec, data, lengths) {
  return [...views(data, lengths)].map((piece) => codec.compressSync(piece));
}

export async function zstd({ registry, data, contender }) {
  const lines = [];
  for (const [label, size, level, bytes] of [
    ['4 KiB', 4096, 3, 16 << 20],
    ['16 KiB', 16384, 3, 32 << 20],
    ['1 MiB', 1 << 20, 3, 64 << 20],
    ['1 MiB', 1 << 20, 1, 64 << 20],
    ['1 MiB', 1 << 20, 9, 32 << 20],
  ]) {
    const part = data.subarray(0, bytes);
    const scale = data.length / bytes;
    const lengths = pieces(bytes, size);
    const whole = pieces(data.length, size);
    const codec = await registry.codec('zstd', { level });
    const output = new Uint8Array(codec.compressBound(size));
    const compress = (piecesOf, from) => {
      let total = 0;
      for (const piece of views(from, piecesOf)) total += codec.compressIntoSync(piece, output);
      return String(total);
    };
    const packed = frames(codec, data, whole);
    const plain = new Uint8Array(size);
    const decompress = () => {
      let total = 0;
      for (const frame of packed) total += codec.decompressIntoSync(frame, plain);
      return String(total);
    };
    lines.push({
      name: `zstd ${level} compress ${label}`,
      against: 'libzstd, reused context',
      target: 0.95,
      bytes: data.length,
      ours: () => cpuTimed(() => compress(whole, data)),
      theirs: () => contender.ask(`compress ${level} ${size}`),
    });
    lines.push({
      name: `zstd ${level} decompress ${label}`,
      against: 'libzstd, reused context',
      target: 0.9,
      bytes: data.length,
      ours: () => cpuTimed(decompress),
      theirs: () => contender.ask(`decompress ${level} ${size}`),
    });
    const targets = { '4 KiB': [1.4, 2], '16 KiB': [1.15, 1.4] }[label];
    if (targets) {
      lines.push({
        name: `zstd ${level} compress ${label}`,
        against: 'libzstd, a context per call',
        target: targets[0],
        bytes: data.length,
        ours: () => cpuTimed(() => compress(whole, data)),
        theirs: () => contender.ask(`compress-fresh ${level} ${size}`),
      });
      lines.push({
        name: `zstd ${level} decompress ${label}`,
        against: 'libzstd, a context per call',
        target: targets[1],
        bytes: data.length,
        ours: () => cpuTimed(decompress),
        theirs: () => contender.ask(`decompress-fresh ${level} ${size}`),
      });
    }
    if (level === 3) lines.push(...npmLines(codec, part, lengths, label, scale));
  }
  return lines;
}

function npmLines(codec, part, lengths, label) {
  const packed = frames(codec, part, lengths);
  const sum = (each, inputs) => {
    let total = 0;
    for (const piece of inputs) total += each(piece).length;
    return total;
  };
  return [
    {
      name: `zstd 3 compress ${label}, npm`,
      against: '@cloudpss/zstd',
      target: 1,
      same: false, // another version of libzstd
      bytes: part.length,
      ours: () => cpuTimed(() => sum((piece) => codec.compressSync(piece), views(part, lengths))),
      theirs: () => cpuTimed(() => sum((piece) => cloudpss.compress(piece, 3), views(part, lengths))),
    },
    {
      name: `zstd 3 decompress ${label}, npm`,
      against: '@cloudpss/zstd',
      target: 1,
      bytes: part.length,
      ours: () => cpuTimed(() => sum((frame) => codec.decompressSync(frame), packed)),
      theirs: () => cpuTimed(() => sum((frame) => cloudpss.decompress(frame), packed)),
    },
  ];
}
