// What every native kernel makes of fixed data, as digests: the same on every CPU. `node answers.mjs PLUGIN...` takes the built entries of plugins and prints JSON.
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [core, ...plugins] = process.argv.slice(2);
const { Registry } = await import(pathToFileURL(core).href);
const registry = new Registry({ kernel: 'native' });

/** Bytes with repeats and without, the same everywhere. */
function fixed(length) {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = (i >> 12) % 3 === 0 ? i >> 3 : state >>> 24;
  }
  return bytes;
}

const digest = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const data = fixed(1_500_000);
/** Every length at which a vector's tail may go wrong, at addresses of all alignments. */
const tails = Array.from({ length: 257 }, (_, n) => data.subarray(n, 2 * n));

async function answerOf({ kind, name }) {
  if (kind === 'hash') {
    const hash = await registry.hash(name);
    return [hash.kernel, digest(await hash.hash(data), await hash.hashMany(tails), ...tails.map((tail) => hash.hashSync(tail)))];
  }
  if (kind === 'chunker') {
    const sizes = [4, 16, 64, 512].map((avg) => ({ min: avg * 256, avg: avg * 1024, max: avg * 4096 }));
    const cuts = [];
    let kernel;
    for (const options of sizes) {
      const chunker = await registry.chunker(name, options);
      kernel = chunker.kernel;
      cuts.push(Uint8Array.from(Buffer.from(String((await chunker.chunk(data)).lengths))));
    }
    return [kernel, digest(...cuts)];
  }
  const codec = await registry.codec(name);
  const packed = await codec.compress(data);
  if (digest(await codec.decompress(packed)) !== digest(data)) throw new Error(`${name} does not give back what it took`);
  return [codec.kernel, digest(packed, ...tails.slice(0, 32).map((tail) => codec.compressSync(tail)))];
}

const answers = {};
for (const plugin of plugins) {
  const { default: definitions } = await import(pathToFileURL(plugin).href);
  registry.register(...definitions);
  // `lzma` is read only.
  for (const definition of definitions) if (definition.name !== 'lzma') answers[definition.name] = await answerOf(definition);
}
process.stdout.write(`${JSON.stringify(answers)}\n`);
await registry.dispose();
