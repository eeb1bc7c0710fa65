// BLAKE3: one thread against the official crate; batches against one call per message from JavaScript; the npm packages.
import { createHash } from 'node:crypto';
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { createBLAKE3 } from 'hash-wasm';
import { checksum, cpuTimed, pieces } from '../harness.mjs';

const head = (digest) => new DataView(digest.buffer, digest.byteOffset, 8).getBigUint64(0, true);

export async function blake3({ registry, data, contender }) {
  const hash = await registry.hash('blake3');
  const one = (bytes, lengths) => {
    const digests = new Array(lengths.length);
    let at = 0;
    for (let i = 0; i < lengths.length; i++) {
      digests[i] = hash.hashSync(bytes.subarray(at, at + lengths[i]));
      at += lengths[i];
    }
    return digests;
  };
  const batch = (bytes, lengths) => hash.hashManySync({ buffer: bytes, ranges: { lengths } });
  const sumOfList = (digests) => checksum(digests.map(head));
  const sumOfBatch = (digests) => checksum(Array.from({ length: digests.length / 32 }, (_, i) => head(digests.subarray(i * 32))));
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
      ours: () => cpuTimed(() => one(data, lengths), sumOfList),
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
      ours: () => cpuTimed(() => batch(small, lengths), sumOfBatch),
      theirs: () => cpuTimed(() => one(small, lengths), sumOfList),
    });
  }
  lines.push(...(await npmLines(hash, small)));
  return lines;
}

async function npmLines(hash, small) {
  const wasm = await createBLAKE3();
  const rivals = {
    'hash-wasm': (piece) => wasm.init().update(piece).digest('binary'),
    '@napi-rs/blake-hash': (piece) => new Blake3Hasher().update(piece).digestBuffer(),
  };
  const all = (digests) => digests.reduce((sum, digest) => sum.update(digest), createHash('sha256')).digest('hex');
  const lines = [];
  for (const [label, size] of [
    ['1 KiB', 1024],
    ['64 KiB', 65536],
    ['1 MiB', 1 << 20],
  ]) {
    const every = (digest) => () => {
      const digests = [];
      for (let at = 0; at < small.length; at += size) digests.push(digest(small.subarray(at, at + size)));
      return digests;
    };
    for (const [name, digest] of Object.entries(rivals)) {
      lines.push({
        name: `blake3 ${label} one by one, npm`,
        against: name,
        target: 1,
        bytes: small.length,
        ours: () =>
          cpuTimed(
            every((piece) => hash.hashSync(piece)),
            all,
          ),
        theirs: () => cpuTimed(every(digest), all),
      });
    }
  }
  return lines;
}
