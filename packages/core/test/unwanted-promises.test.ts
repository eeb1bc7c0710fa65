import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Algorithm, configure, defineChunker, defineCodec, defineHash, Registry } from '../src/index.js';

/*
 * Authors write `async` where the contract wants an answer at once. The promise is refused by a typed error; and because nobody awaits it, its rejection must be taken care of, too: Node ends the process at a
 * rejection that nobody handles.
 */
const later = (async () => {
  throw new Error('too late');
}) as never;

const data = new Uint8Array(8);
const unhandled: unknown[] = [];
const note = (reason: unknown) => {
  unhandled.push(reason);
};

beforeEach(() => {
  process.on('unhandledRejection', note);
});

afterEach(() => {
  process.off('unhandledRejection', note);
  unhandled.length = 0;
});

async function refused(work: () => unknown): Promise<void> {
  const thrown = await Promise.resolve()
    .then(work)
    .catch((error: unknown) => error);
  expect(['plugin_failed', 'sync_unavailable']).toContain((thrown as { code?: unknown }).code);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
}

const all = async (source: AsyncIterable<unknown>) => {
  for await (const _ of source);
};
const options = z.object({});
const chunker = (cutter: object) => configure(defineChunker({ name: 'bad', options, cutter: () => ({ minSize: 1, maxSize: 4, nextCut: () => 1, ...cutter }) }));
const codec = (methods: object) => configure(defineCodec({ name: 'bad', compress: (input) => input, decompress: (input) => input, ...methods }));
const hash = (methods: object) => configure(defineHash({ name: 'bad', digestLength: 4, hash: () => new Uint8Array(4), ...methods }));
const state = (methods: object) => hash({ create: () => ({ update() {}, digest: () => new Uint8Array(4), ...methods }) });

describe('a promise where an answer is wanted at once', () => {
  it.each<[string, () => unknown]>([
    ['cutter', () => configure(defineChunker({ name: 'bad', options, cutter: later }))],
    ['nextCut', async () => (await chunker({ nextCut: later })).chunk(data)],
    ['nextCut, sync', async () => (await chunker({ nextCut: later })).chunkSync(data)],
    ['nextCut, stream', async () => all((await chunker({ nextCut: later })).chunkStream([data]))],
    ['nextCut, pushed', async () => (await chunker({ nextCut: later })).open({ payload: 'view' }).feed(data)],
    ['cutAllSync', async () => (await chunker({ cutAllSync: later })).chunkSync(data)],
    ['open', async () => (await chunker({ open: later })).open()],
    ['open, push', async () => (await chunker({ open: () => ({ push: later, finish: later }) })).open().feed(data)],
    ['compressManySync', async () => (await codec({ compressManySync: later })).compressManySync([data])],
    ['compressIntoSync', async () => (await codec({ compressIntoSync: later })).compressIntoSync(data, new Uint8Array(9))],
    ['inspect', async () => (await codec({ inspect: later })).inspect?.(data)],
    ['compressor', async () => all((await codec({ compressor: later })).compressStream([data]))],
    ['hashSync', async () => (await hash({ hashSync: later })).hashSync(data)],
    ['hashIntoSync', async () => (await hash({ hashIntoSync: later })).hashSync(data)],
    ['hashManySync', async () => (await hash({ hashManySync: later })).hashManySync([data])],
    ['digestLength', () => hash({ digestLength: later })],
    ['create', async () => (await hash({ create: later })).create()],
    ['updateSync', async () => (await state({ updateSync: later })).create().updateSync(data)],
    ['updateSync, awaited', async () => (await state({ updateSync: later })).create().update(data)],
    ['digestSync', async () => (await state({ digestSync: later })).create().digestSync()],
    ['clone', async () => (await state({ clone: later })).create().clone()],
  ])('%s', async (_name, work) => refused(work));

  it.each<[string, () => unknown]>([
    ['compressBound', async () => expect((await codec({ compressBound: later })).compressBound(16)).toBe(1041)],
    ['costPerByte', async () => (await codec({ placement: 'away', compressSync: (input: Uint8Array) => input, costPerByte: later })).compress(data)],
    ['memory', async () => expect((await codec({ memory: later })).memory('compress', 16)).toBeGreaterThan(0)],
    ['recognise', () => expect(Registry.of(defineCodec({ name: 'bad', compress: later, decompress: later, recognise: later })).detect(data)).toBeUndefined()],
    [
      'a listener',
      async () => {
        const registry = Registry.of(defineHash({ name: 'fine', digestLength: 1, hash: () => new Uint8Array(1) }) as Algorithm<'hash'>);
        registry.events.on(later);
        await (await registry.hash('fine')).hash(data);
        await registry.dispose();
      },
    ],
  ])('%s is no answer', async (_name, work) => {
    await work();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  it('is awaited from the check of a handle', async () => {
    const keyed = defineCodec({
      name: 'keyed',
      compress: (input) => input,
      decompress: (input) => input,
      handles: { key: { description: 'a key', check: later } },
    });
    await expect(configure(keyed, {}, { key: data })).rejects.toMatchObject({ code: 'invalid_options', details: { name: 'key', reason: 'too late' } });
  });
});
