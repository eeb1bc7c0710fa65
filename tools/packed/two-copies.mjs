// Two installed copies of everything in one process, one required and one imported: `node two-copies.mjs FOLDER FOLDER`. Says how many threads compute.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const names = ['core', 'codec-zstd', 'hash-blake3', 'chunking-fastcdc', 'pipeline'];
const [first, second] = process.argv.slice(2, 4).map((folder) => createRequire(join(folder, 'package.json')));
const required = Object.fromEntries(names.map((name) => [name, first(`@chunker/${name}`)]));
const imported = {};
for (const name of names) imported[name] = await import(pathToFileURL(second.resolve(`@chunker/${name}`)).href);
const copies = [required, imported];

/** Threads of the executor. */
const threads = () =>
  readdirSync('/proc/self/task')
    .map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim())
    .filter((name) => /^chunker/.test(name));
const data = Uint8Array.from({ length: 9_000_000 }, (_, i) => (i * 2654435761) >>> (i % 23));

async function work({ core, pipeline, ...plugins }) {
  const registry = core.Registry.of(plugins['codec-zstd'].zstd, plugins['hash-blake3'].blake3, plugins['chunking-fastcdc'].fastcdc);
  const line = pipeline.pipeline(registry).chunk('fastcdc').hash('blake3').compress('zstd').verify().digest('blake3');
  const { digests, chunks, verified } = await line.run(data).summary();
  assert.equal(verified, true);
  await registry.dispose();
  return `${chunks} ${Buffer.from(digests[0]).toString('hex')}`;
}

async function all() {
  assert.notEqual(required.core.ChunkerError, imported.core.ChunkerError);
  const results = await Promise.all([...copies, ...copies].map(work));
  assert.equal(new Set(results).size, 1);
  // Each copy's algorithms in the other's registry, and views of one's slabs in the other's calls.
  for (const [one, other] of [copies, [...copies].reverse()]) {
    const registry = one.core.Registry.of(other['codec-zstd'].zstd, other['hash-blake3'].blake3, other['chunking-fastcdc'].fastcdc);
    const own = one.core.Registry.of(one['codec-zstd'].zstd, one['hash-blake3'].blake3, one['chunking-fastcdc'].fastcdc);
    const hash = await registry.hash('blake3');
    const codec = await registry.codec('zstd');
    assert.deepEqual([hash.kernel, codec.kernel], ['native', 'native']);
    let at = 0;
    let kept;
    for await (const { length, hash: digest, payload } of one.pipeline.pipeline(own).chunk('fastcdc').hash('blake3').run(data, { payload: 'view' })) {
      assert.deepEqual(await hash.hash(payload), digest);
      assert.deepEqual(await codec.decompress(await codec.compress(payload)), data.subarray(at, at + length));
      at += length;
      kept = payload;
    }
    assert.equal(at, data.length);
    assert.equal(kept.length, 0);
    const error = await codec.decompress(new Uint8Array(100)).catch((thrown) => thrown);
    for (const { core } of copies) assert.ok(core.isChunkerError(error), String(error));
    for (const { core } of copies) assert.ok(core.isChunkerError(error, error.code));
    assert.equal(copies.filter(({ core }) => error instanceof core.ChunkerError).length, 1);
    const handed = await one.pipeline
      .pipeline(registry)
      .compress('zstd')
      .run({ file: '/nonexistent' })
      .summary()
      .catch((thrown) => thrown);
    for (const { core } of copies) assert.ok(core.isChunkerError(handed, 'stage_failed'), String(handed));
    await registry.dispose();
    await own.dispose();
  }
}

await all();
if (isMainThread) {
  const pool = threads().length;
  const workers = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
          worker.once('message', () => resolve(worker));
          worker.once('error', reject);
        }),
    ),
  );
  assert.equal(threads().length, pool);
  for (const worker of workers) worker.postMessage('again');
  await Promise.all(workers.map((worker) => worker.terminate()));
  await all();
  assert.equal(threads().length, pool);
  // `chunker-POOL-THREAD`
  const pools = new Set(threads().map((name) => name.split('-')[1]));
  console.log(`${pool} threads, of ${pools.size === 1 ? 'one pool' : `${pools.size} pools`}`);
} else {
  parentPort.postMessage('done');
  parentPort.once('message', async () => {
    for (;;) await all();
  });
}
