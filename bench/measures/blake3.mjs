// BLAKE3: one thread against the official crate; batches against one call per message from JavaScript; the npm packages.
import { createHash } from 'node:crypto';
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { createBLAKE3 } from 'hash-wasm';
import { checksum, cpuTimed, pieces } from '../harness.mjs';

const head = (digest) => new DataView(digest.buffer, digest.byteOffset, 8).getBigUint64(0, true);

function offsetsOf(lengths) {
  const offsets = new Float64Array(lengths.length);
  for (let i = 1; i < lengths.length; i++) offsets[i] = offsets[i - 1] + lengths[i - 1];
  return offsets;
}

export async function blake3({ registry, data, contender }) {
  const hash = await registry.hash('blake3');
  const one = (bytes, lengths) => {
    const offsets = offsetsOf(lengths);
    return checksum(Array.from(lengths, (length, i) => head(hash.hashSync(bytes.subarray(offsets[i], offsets[i] + length)))));
  };
  const batch = (bytes, lengths) => {
    const digests = hash.hashManySync({ buffer: bytes, ranges: { lengths } });
    return checksum(Array.from(lengths, (_, i) => head(digests.subarray(i * 32))));
  };
  const lines = [];
  for (const [label, size] of [
    ['64 KiB', 65536],
    ['1 MiB', 1 << 20],
    ['64 MiB', 64 << 20],
  ]) {
    const lengths = pieces(data.length, size);
    lines.push({
      name: `blake3 ${label}`,
      against: 'crate blake3 1.8',
      target: 0.95,
      bytes: data.length,
      ours: () => cpuTimed(() => one(data, lengths)),
      theirs: () => contender.ask(`blake3 ${size}`),
    });
  }
  const small = data.subarray(0, 32 << 20);
  for (const [label, spec, target] of [
    ['1 KiB', '1024', 5],
    ['100 to 4 000 bytes', '100-4000', 3],
  ]) {
    const lengths = pieces(small.length, spec);
    lines.push({
      name: `blake3 batch of ${label}`,
      against: 'one call per message',
      target,
      bytes: small.length,
      ours: () => cpuTimed(() => batch(small, lengths)),
      theirs: () => cpuTimed(() => one(small, lengths)),
    });
  }
  lines.push(...(await npmLines(hash, small)));
  return lines;
}

async function npmLines(hash, small) {
  const wasm = await createBLAKE3();
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const rivals = {
    'hash-wasm': (piece) => wasm.init().update(piece).digest('hex'),
    '@napi-rs/blake-hash': (piece) => new Blake3Hasher().update(piece).digest('hex'),
  };
  const lines = [];
  for (const [label, size] of [
    ['1 KiB', 1024],
    ['64 KiB', 65536],
    ['1 MiB', 1 << 20],
  ]) {
    for (const [name, digest] of Object.entries(rivals)) {
      const every = (each) => {
        const all = createHash('sha256');
        for (let at = 0; at < small.length; at += size) all.update(each(small.subarray(at, at + size)));
        return all.digest('hex');
      };
      lines.push({
        name: `blake3 ${label} one by one, npm`,
        against: name,
        target: 1,
        bytes: small.length,
        ours: () => cpuTimed(() => every((piece) => hex(hash.hashSync(piece)))),
        theirs: () => cpuTimed(() => every(digest)),
      });
    }
  }
  return lines;
}
