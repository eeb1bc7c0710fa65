import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@chunker/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, DigestTable, type PipelineInput, pipeline, type RunSettings } from '@chunker/pipeline';
import { flate, lowbits, registry, sampleBytes, sha1, slow } from './algorithms.js';
import { collect, type PlainRecord, plain } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const SMALL = { windowBytes: 65_536, payload: 'copy' } as const;
const data = sampleBytes(900_000);
const coded = (code: string) => expect.objectContaining({ code });

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chunker-stopping-'));
  file = join(folder, 'data');
  await writeFile(file, data);
});
afterAll(() => rm(folder, { recursive: true }));

const line = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1').dedup().compress('flate').digest('sha1').verify();

/** Runs until so many records were seen, stops, and answers all records that came and the checkpoint as it would come from a file. */
async function part(input: PipelineInput, after: number, settings: RunSettings): Promise<{ records: PlainRecord[]; checkpoint: Checkpoint | undefined }> {
  const run = line().run(input, settings);
  const records: PlainRecord[] = [];
  for await (const record of run) {
    records.push(plain(record));
    if (records.length === after) run.stop();
  }
  const { checkpoint } = run;
  return { records, checkpoint: checkpoint === undefined ? undefined : JSON.parse(JSON.stringify(checkpoint)) };
}

describe('a run that is stopped', () => {
  it('and resumed gives the records, figures, digests and manifest of one run, however often and wherever', async () => {
    const whole = line().run(data, { ...SMALL, manifest: true });
    const records = await collect(whole);
    const summary = await whole.summary();
    const manifest = await whole.manifest();
    const forms: Record<string, () => PipelineInput> = { bytes: () => data, file: () => ({ file }), pieces: () => pieces(data, 10_007) };
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom('parallel' as const, 'sequential' as const),
      fc.boolean(),
      fc.constantFrom(...Object.keys(forms)),
      async (stops, mode, unordered, form) => {
        const input = forms[form] as () => PipelineInput;
        const all: PlainRecord[] = [];
        let resume: Checkpoint | undefined;
        for (const after of stops) {
          const one = await part(input(), after, { ...SMALL, mode, unordered, manifest: true, ...(resume === undefined ? {} : { resume }) });
          all.push(...one.records);
          if (one.checkpoint === undefined) return;
          resume = one.checkpoint;
          expect(resume.offset).toBe(all.reduce((sum, { length }) => sum + length, 0));
        }
        const last = line().run(input(), { ...SMALL, mode, unordered, manifest: true, ...(resume === undefined ? {} : { resume }) });
        all.push(...(await collect(last)));
        expect(all.sort((a, b) => a.offset - b.offset)).toEqual(records);
        const { seconds: _, cpuSeconds: __, efficiency: ___, ...figures } = await last.summary();
        expect(summary).toMatchObject(figures);
        expect(await last.manifest()).toEqual(manifest);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('may go on from any boundary between chunks: what follows is the rest of one run', async () => {
    const part = data.subarray(0, 70_000);
    const cut = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1').dedup().compress('flate').digest('sha1');
    const whole = cut().run(part, { ...SMALL, manifest: true });
    const records = await collect(whole);
    const { digests } = await whole.summary();
    const { specs } = await whole.manifest();
    expect(records.length).toBeGreaterThan(40);
    const counted = { bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };
    const seen = new DigestTable(20);
    for (const [index, { offset, length, hash, duplicate, compressedLength = 0 }] of records.entries()) {
      const checkpoint = { version: 1, offset, specs, progress: { ...counted }, digests: Buffer.from(seen.toBytes()).toString('base64') } as const;
      const rest = cut().run(part, { ...SMALL, resume: checkpoint });
      expect(await collect(rest)).toEqual(records.slice(index));
      expect((await rest.summary()).digests).toEqual(digests);
      seen.add(Buffer.from(hash as string, 'hex'), 0);
      counted.bytes += length;
      counted.chunks += 1;
      if (duplicate !== true) counted.uniqueChunks += 1;
      if (duplicate !== true) counted.uniqueBytes += length;
      counted.compressedBytes += compressedLength;
    }
  });

  it('reads a file from the checkpoint on where nothing needs the bytes before it', async () => {
    const plainLine = pipeline(registry).chunk('lowbits', SIZES).hash('sha1');
    const run = plainLine.run({ file }, { windowBytes: 65_536 });
    for await (const _ of run) run.stop();
    const checkpoint = run.checkpoint as Checkpoint;
    const rest = plainLine.run({ file }, { windowBytes: 65_536, resume: checkpoint });
    const all = await collect(plainLine.run(data));
    expect(await collect(rest)).toEqual(all.filter(({ offset }) => offset >= checkpoint.offset));
    expect(rest.progress).toMatchObject({ bytes: data.length, totalBytes: data.length });
    await truncate(file, checkpoint.offset - 1);
    await expect(collect(plainLine.run({ file }, { resume: checkpoint }))).rejects.toMatchObject({ code: 'stage_failed', cause: { code: 'invalid_pipeline' } });
    await expect(collect(plainLine.run(data.subarray(0, 100), { resume: checkpoint }))).rejects.toMatchObject({
      code: 'stage_failed',
      cause: { code: 'invalid_pipeline' },
    });
    await writeFile(file, data);
  });

  it('does not wait for a source that gives nothing more', async () => {
    let closed = false;
    async function* stuck() {
      try {
        yield data.subarray(0, 200_000);
        await new Promise(() => {});
      } finally {
        closed = true;
      }
    }
    const run = pipeline(registry).chunk('lowbits', SIZES).hash('sha1').run(stuck(), { windowBytes: 65_536 });
    const seen: PlainRecord[] = [];
    for await (const record of run) {
      seen.push(plain(record));
      if (seen.length === 1) setTimeout(() => run.stop(), 100);
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(run.checkpoint?.offset).toBe(seen.reduce((sum, { length }) => sum + length, 0));
    expect((await run.summary()).stopped).toBe('asked');
    // A generator that waits for ever cannot be closed: it is left behind, not waited for.
    expect(closed).toBe(false);
  });

  it('before its first pull delivers nothing that is read needlessly, and can resume', async () => {
    const run = line().run(data, SMALL);
    run.stop();
    const summary = await run.summary();
    expect(summary).toMatchObject({ stopped: 'asked', digests: [], checkpoint: { offset: summary.bytes } });
    expect(summary.verified).toBeUndefined();
    await expect(run.manifest()).rejects.toEqual(coded('invalid_pipeline'));
  });

  it('has no checkpoint when it had come to its end', async () => {
    const run = line().run(data.subarray(0, 1000), SMALL);
    for await (const _ of run) run.stop();
    const summary = await run.summary();
    expect(summary.checkpoint).toBeUndefined();
    expect(summary.digests).toHaveLength(1);
  });
});

describe('a limit of CPU time', () => {
  it('stops at a chunk boundary and leaves a checkpoint', async () => {
    const run = line().run(data, { ...SMALL, cpuTimeMs: 0 });
    const records = await collect(run);
    const summary = await run.summary();
    expect(summary.stopped).toBe('cpu_time');
    expect(summary.bytes).toBeLessThan(data.length);
    const rest = line().run(data, { ...SMALL, resume: summary.checkpoint as Checkpoint });
    expect([...records, ...(await collect(rest))]).toEqual(await collect(line().run(data, SMALL)));
  });

  it('that is not reached changes nothing', async () => {
    const summary = await line()
      .run(data, { ...SMALL, cpuTimeMs: 1e9 })
      .summary();
    expect(summary.stopped).toBeUndefined();
    expect(summary.bytes).toBe(data.length);
    expect(summary.cpuSeconds).toBeGreaterThan(0);
    expect(summary.efficiency).toBeCloseTo(summary.cpuSeconds / summary.seconds, 6);
  });

  it.each([-1, Number.NaN])('of %d is refused', async (cpuTimeMs) => {
    await expect(line().run(data, { cpuTimeMs }).summary()).rejects.toEqual(coded('invalid_pipeline'));
  });
});

describe('a checkpoint', () => {
  const good: Checkpoint = {
    version: 1,
    offset: 0,
    specs: { chunker: 'lowbits:min=500,max=9000,bits=8', hash: 'sha1' },
    progress: { bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 },
  };
  const plainLine = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1');

  it.each([
    ['no object', 5],
    ['another version', { ...good, version: 2 }],
    ['an offset that is none', { ...good, offset: -1 }],
    ['counters of another offset', { ...good, offset: 7 }],
    ['no counters', { ...good, progress: undefined }],
    ['another chunker', { ...good, specs: { ...good.specs, chunker: 'lowbits' } }],
    ['a codec', { ...good, specs: { ...good.specs, codec: 'flate' } }],
    ['no specs', { ...good, specs: null }],
  ])('with %s is refused', async (_, resume) => {
    await expect(
      plainLine()
        .run(data, { resume: resume as Checkpoint })
        .summary(),
    ).rejects.toEqual(coded('invalid_pipeline'));
  });

  it('of nothing is the whole run, and damaged digests are refused', async () => {
    expect(await collect(plainLine().run(data, { resume: good }))).toEqual(await collect(plainLine().run(data)));
    for (const digests of ['?', 'AAAA']) {
      await expect(
        plainLine()
          .dedup()
          .run(data, { resume: { ...good, digests } })
          .summary(),
      ).rejects.toEqual(coded('invalid_pipeline'));
    }
  });

  it('leaves a table that was handed in alone', async () => {
    const table = new DigestTable(20);
    const shared = plainLine().dedup(table);
    const run = shared.run(data, { windowBytes: 65_536 });
    for await (const _ of run) run.stop();
    expect(run.checkpoint?.digests).toBeUndefined();
    await shared.run(data, { windowBytes: 65_536, resume: run.checkpoint as Checkpoint }).summary();
    const once = new DigestTable(20);
    await plainLine().dedup(once).run(data).summary();
    expect(table.size).toBe(once.size);
  });
});

describe('a registry that is drained', () => {
  it('stops runs at a boundary, refuses new ones, and waits for them', async () => {
    const own = Registry.of(lowbits, sha1, flate, slow);
    const run = pipeline(own).chunk('lowbits', SIZES).hash('sha1').compress('slow').run(data, SMALL);
    const records: PlainRecord[] = [];
    let disposed: Promise<void> | undefined;
    let over = false;
    for await (const record of run) {
      records.push(plain(record));
      disposed ??= own.dispose({ drain: true }).then(() => {
        over = true;
      });
      expect(over).toBe(false);
    }
    await disposed;
    expect(run.checkpoint?.offset).toBe(records.reduce((sum, { length }) => sum + length, 0));
    const rest = pipeline(registry)
      .chunk('lowbits', SIZES)
      .hash('sha1')
      .compress('slow')
      .run(data, { ...SMALL, resume: run.checkpoint as Checkpoint });
    expect([...records, ...(await collect(rest))].map(({ offset }) => offset)).toEqual(
      (await collect(pipeline(registry).chunk('lowbits', SIZES).run(data))).map(({ offset }) => offset),
    );
    await expect(pipeline(own).chunk('lowbits').run(data).summary()).rejects.toEqual(coded('registry_disposed'));
  });

  it('waits for streams that are read, and not for ever', async () => {
    const own = Registry.of(flate);
    const codec = await own.codec('flate');
    const stream = codec.compressStream(slowly())[Symbol.asyncIterator]();
    const rejected = expect(stream.next()).rejects.toEqual(coded('registry_disposed'));
    const disposed = own.dispose({ drain: true, graceMs: 20 });
    await expect(own.codec('flate')).rejects.toEqual(coded('registry_disposed'));
    await disposed;
    await rejected;

    const other = Registry.of(flate);
    const second = await other.codec('flate');
    const read = (async () => {
      for await (const _ of second.compressStream(slowly()));
      return 'read';
    })();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await other.dispose({ drain: true });
    expect(await read).toBe('read');
    expect(() => other.dispose({ graceMs: -1 })).toThrow(coded('invalid_input'));
  });
});

describe('cooperation', () => {
  it.each([{ bytes: 10_000 }, { chunks: 3 }, { microseconds: 100 }])('lets others run by %o, and changes no record', async (cooperate) => {
    let [turns, most, since] = [0, 0, 0];
    const timer = setInterval(() => {}, 1000);
    const tick = () => {
      turns += 1;
      since = 0;
      handle = setImmediate(tick);
    };
    let handle = setImmediate(tick);
    const run = pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate').run(data, { payload: 'copy', cooperate });
    const records: PlainRecord[] = [];
    for await (const record of run) {
      records.push(plain(record));
      since += record.length;
      most = Math.max(most, since);
    }
    clearImmediate(handle);
    clearInterval(timer);
    expect(records).toEqual(await collect(pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate').run(data, { payload: 'copy' })));
    if (cooperate.bytes !== undefined) expect(most).toBeLessThanOrEqual(cooperate.bytes + SIZES.max);
    if (cooperate.chunks !== undefined) expect(turns).toBeGreaterThanOrEqual(records.length / cooperate.chunks);
    if (cooperate.microseconds !== undefined) expect(turns).toBeGreaterThan(10);
  });

  it('is refused without an amount', async () => {
    await expect(
      pipeline(registry)
        .run(data, { cooperate: { bytes: 0 } })
        .summary(),
    ).rejects.toEqual(coded('invalid_pipeline'));
  });
});

function* pieces(bytes: Uint8Array, length: number) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function* slowly() {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    yield data.subarray(i * 100, (i + 1) * 100);
  }
}
