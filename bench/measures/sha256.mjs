// SHA-256: batches against OpenSSL, which has one stream at a time, and one stream against it.
import { createHash, hash as oneShot } from 'node:crypto';
import { cpuTimed, pieces } from '../harness.mjs';

const sum = (digests) => createHash('sha256').update(digests).digest('hex');

export async function sha256({ registry, data }) {
  const hash = await registry.hash('sha256');
  const some = data.subarray(0, 64 << 20);
  const lines = [];
  for (const [label, spec, target, against] of [
    ['4 KiB', '4096', 1.9, 'one OpenSSL stream'],
    ['4 to 64 KiB', '4096-65536', 1.9, 'one OpenSSL stream'],
    ['1 KiB', '1024', 2.5, 'crypto.hash one by one'],
  ]) {
    const lengths = pieces(some.length, spec);
    const oneByOne = () => {
      const digests = new Uint8Array(32 * lengths.length);
      let at = 0;
      for (let i = 0; i < lengths.length; i++) {
        digests.set(oneShot('sha256', some.subarray(at, at + lengths[i]), 'buffer'), 32 * i);
        at += lengths[i];
      }
      return digests;
    };
    const stream = () => createHash('sha256').update(some).digest();
    lines.push({
      name: `sha256 batch of ${label}`,
      against,
      target,
      bytes: some.length,
      ours: () => cpuTimed(() => hash.hashManySync({ buffer: some, ranges: { lengths } }), sum),
      // The stream is one message: what is compared are the digests of the pieces, made outside the time.
      theirs: () => (against.startsWith('one') ? cpuTimed(stream, () => sum(oneByOne())) : cpuTimed(oneByOne, sum)),
    });
  }
  lines.push({
    name: 'sha256 64 MiB, one stream',
    against: 'OpenSSL',
    target: 0.97,
    bytes: some.length,
    ours: () => cpuTimed(() => hash.hashSync(some), sum),
    theirs: () => cpuTimed(() => createHash('sha256').update(some).digest(), sum),
  });
  return lines;
}
