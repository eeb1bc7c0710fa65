// Every way of reading: the same rules, the same places; and what nix makes of the same trees.
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { isChunkerError } from '@chunker/core';
import { openFileSource } from '@chunker/io';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  catNar,
  checkedNar,
  formatListing,
  listNar,
  type NarEvent,
  type NarListingNode,
  type NarSource,
  type NarTree,
  parseListing,
  readNar,
  unpackNar,
  verifyNar,
} from '../src/index.js';
import { nameBytes, nameText } from '../src/text.js';
import { Folder, haveNix, nixDump, openDescriptors, pack } from './folder.js';
import { readNar as readWhole } from './reader.js';
import { judge } from './reference.js';
import { archiveOf, cases, codeOf, haveVectors } from './vectors.js';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Buffer[] = [];
  for await (const piece of pieces) kept.push(Buffer.from(piece));
  return Buffer.concat(kept);
}

async function drain(events: AsyncIterable<readonly NarEvent[]>): Promise<void> {
  for await (const _ of events);
}

function* split(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const modes: Record<string, (source: NarSource) => Promise<unknown>> = {
  'read with contents': (source) => drain(readNar(source)),
  'read without contents': (source) => drain(readNar(source, { contents: false })),
  'read with some contents': (source) => drain(readNar(source, { contents: ({ size }) => size % 2 === 0 })),
  list: (source) => listNar(source),
  verify: (source) => verifyNar(source),
  check: (source) => collect(checkedNar(source)),
  'look for what is not there': (source) =>
    collect(catNar(source, 'not/there')).catch((error) => {
      if (error.code !== 'not_found') throw error;
    }),
  unpack: (source) => unpackNar(source, folder.at('target')).finally(() => execFileSync('rm', ['-rf', folder.at('target')])),
};

/** The forms in which bytes can be given. */
function sources(bytes: Uint8Array): Record<string, () => NarSource | Promise<NarSource>> {
  writeFileSync(folder.at('archive'), bytes);
  const halves = () => [bytes.subarray(0, bytes.length >> 1), new Uint8Array(0), bytes.subarray(bytes.length >> 1)];
  return {
    bytes: () => bytes,
    path: () => folder.at('archive'),
    file: () => ({ file: Buffer.from(folder.at('archive')) }),
    list: () => halves(),
    'Node stream': () => Readable.from(halves()),
    'Web stream': () => new Blob(halves() as BlobPart[]).stream() as ReadableStream<Uint8Array>,
    windows: () => openFileSource(folder.at('archive')),
  };
}

async function failure(work: Promise<unknown>): Promise<{ code?: string; offset?: number }> {
  return work.then(
    () => ({}),
    (error: unknown) => {
      if (!isChunkerError(error)) throw error;
      return { code: error.code, offset: (error.details as { offset: number }).offset };
    },
  );
}

describe.skipIf(!haveVectors)('archives of others', () => {
  test.each(Object.keys(modes))('%s', async (mode) => {
    for (const vector of cases) {
      const bytes = archiveOf(vector);
      const expected = vector.expect === 'accept' ? {} : { code: codeOf(vector), offset: vector.byteOffset };
      for (const [form, source] of Object.entries(sources(bytes))) {
        expect(await failure((modes[mode] as (source: NarSource) => Promise<unknown>)(await source())), `${vector.file} as ${form}`).toEqual(expected);
      }
    }
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('have the entries that are written down', async () => {
    for (const vector of cases) {
      if (vector.entries === undefined) continue;
      const { root } = await listNar(archiveOf(vector));
      const expected = vector.entries.map(({ path, pathHex, targetHex, ...entry }) => {
        const target = targetHex === undefined ? entry.target : nameText(Buffer.from(targetHex, 'hex'));
        return { ...entry, ...(target === undefined ? {} : { target }), path: pathHex === undefined ? path : nameText(Buffer.from(pathHex, 'hex')) };
      });
      expect([...flat('', root)].sort(byPath), vector.file).toEqual(expected.sort(byPath));
    }
  });
});

const byPath = (a: { path?: string | undefined }, b: { path?: string | undefined }) => ((a.path as string) < (b.path as string) ? -1 : 1);

function* flat(path: string, node: NarListingNode): Generator<{ path?: string | undefined }> {
  if (node.type !== 'directory') return yield { path, ...node };
  yield { path, type: node.type } as never;
  for (const [name, below] of node.entries) yield* flat(path === '' ? name : `${path}/${name}`, below);
}

test('every bit flip gives an error or another archive that is itself canonical', async () => {
  const tree: NarTree = {
    kind: 'directory',
    entries: [
      ['bin', { kind: 'directory', entries: [['tool', { kind: 'regular', contents: Buffer.from('#!/bin/sh'), executable: true }]] }],
      ['link', { kind: 'symlink', target: 'bin/tool' }],
      ['text', { kind: 'regular', contents: Buffer.alloc(150, 'x') }],
    ],
  };
  const bytes = await pack(tree);
  expect(bytes.length).toBeGreaterThan(1000);
  let accepted = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    const found = await failure(verifyNar(bytes));
    const { broken } = judge(bytes);
    expect(found, `bit ${bit}`).toEqual(broken === undefined ? {} : { code: broken.code, offset: broken.offset });
    if (found.code === undefined) {
      accepted++;
      expect(Buffer.compare(await pack(readWhole(bytes) as NarTree), bytes), `bit ${bit}`).toBe(0);
    }
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  }
  expect(accepted).toBeGreaterThan(1000);
});

test('an archive that is cut short at any byte is refused there by every way of reading, and nothing is left of it', async () => {
  const bytes = await pack({
    kind: 'directory',
    entries: [
      ['d', { kind: 'directory', entries: [['x', { kind: 'regular', contents: Buffer.from('#!'), executable: true }]] }],
      ['l', { kind: 'symlink', target: 'd' }],
    ],
  });
  const { unpack: _, ...readings } = modes;
  for (let cut = 0; cut < bytes.length; cut++) {
    const short = bytes.subarray(0, cut);
    for (const [mode, read] of Object.entries(readings))
      expect(await failure(read(short)), `${mode}, ${cut}`).toEqual({ code: 'truncated_input', offset: cut });
    expect(await failure(unpackNar(split(short, 97), folder.at('target'), { windowBytes: 64 }))).toEqual({ code: 'truncated_input', offset: cut });
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

test('a million levels, and lengths that nothing has, take neither stack nor memory', async () => {
  const string = (text: string) =>
    Buffer.concat([Buffer.from([text.length, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(text), Buffer.alloc((8 - (text.length % 8)) % 8)]);
  const strings = (...texts: string[]) => Buffer.concat(texts.map(string));
  const level = strings('(', 'type', 'directory', 'entry', '(', 'name', 'd', 'node');
  function* deep() {
    yield string('nix-archive-1');
    for (let i = 0; i < 1000; i++) yield Buffer.concat(new Array(1000).fill(level));
  }
  expect(await failure(verifyNar(deep()))).toEqual({ code: 'too_deep', offset: 24 + 64 * level.length });
  expect(await failure(verifyNar(deep(), { maxDepth: 2_000_000 }))).toEqual({ code: 'truncated_input', offset: 24 + 1_000_000 * level.length });
});

test('contents that are not wanted are not read, of a file that has holes', async () => {
  writeFileSync(folder.at('huge'), '');
  truncateSync(folder.at('huge'), 50_000_000_000);
  const head = (await pack({ kind: 'directory', entries: [['huge', { kind: 'regular', contents: new Uint8Array(8) }]] })) as Buffer;
  const at = head.indexOf('contents') + 8;
  head.writeBigUInt64LE(50_000_000_000n, at);
  writeFileSync(folder.at('archive'), head.subarray(0, at + 8));
  truncateSync(folder.at('archive'), at + 8 + 50_000_000_000);
  execFileSync('bash', ['-c', 'cat >> "$0"', folder.at('archive')], { input: head.subarray(at + 16) });
  const began = Date.now();
  expect(await verifyNar(folder.at('archive'))).toMatchObject({ contentBytes: 50_000_000_000, files: 1 });
  expect(Date.now() - began).toBeLessThan(2000);
});

test('memory does not grow with the archive, whatever reads it', async () => {
  const size = 500_000_000;
  const head = (await pack({ kind: 'regular', contents: new Uint8Array(8) })) as Buffer;
  const at = head.indexOf('contents') + 8;
  head.writeBigUInt64LE(BigInt(size), at);
  writeFileSync(folder.at('archive'), head.subarray(0, at + 8));
  truncateSync(folder.at('archive'), at + 8 + size);
  execFileSync('bash', ['-c', 'cat >> "$0"', folder.at('archive')], { input: head.subarray(at + 16) });
  const counted = async (pieces: AsyncIterable<Uint8Array>) => {
    let bytes = 0;
    for await (const piece of pieces) bytes += piece.length;
    return bytes;
  };
  const contents = async function* (events: AsyncIterable<readonly NarEvent[]>) {
    for await (const batch of events) for (const event of batch) if (event.type === 'contents') yield event.bytes;
  };
  const before = process.memoryUsage.rss();
  expect(await counted(contents(readNar(folder.at('archive'))))).toBe(size);
  expect(await counted(catNar(folder.at('archive'), ''))).toBe(size);
  expect(await counted(checkedNar(createReadStream(folder.at('archive'))))).toBe(at + 8 + size + head.length - at - 16);
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20);
});

test('memory does not grow with the pieces, where a signal could end it', async () => {
  const bytes = await pack({ kind: 'regular', contents: Buffer.alloc(8) });
  async function* pieces() {
    for (let i = 0; i < 200_000; i++) yield new Uint8Array(0);
    yield bytes;
  }
  const used = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  let before = 0;
  let most = 0;
  const watched = async function* () {
    before = used();
    yield* pieces();
    most = used() - before;
  };
  await verifyNar(watched(), { signal: new AbortController().signal });
  expect(most).toBeLessThan(8 << 20);
});

test('an abort ends reading, also of a source that is silent', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  async function* silent() {
    yield Buffer.from('\x0d\0\0\0');
    await new Promise(() => {});
  }
  setTimeout(() => controller.abort(reason), 20);
  await expect(verifyNar(silent(), { signal: controller.signal })).rejects.toBe(reason);
  await expect(verifyNar(folder.at('x'), { signal: controller.signal })).rejects.toBe(reason);
});

describe('one file', () => {
  const big = Buffer.alloc(3_000_001, 'b');
  const tree: NarTree = {
    kind: 'directory',
    entries: [
      ['d', { kind: 'directory', entries: [['big', { kind: 'regular', contents: big }]] }],
      [Buffer.from([0xff]), { kind: 'regular', contents: Buffer.from('odd') }],
      ['empty', { kind: 'regular', contents: Buffer.alloc(0) }],
      ['link', { kind: 'symlink', target: 'd' }],
    ],
  };

  test('comes out as far as it is whole, wherever the pieces are cut', async () => {
    const bytes = await pack({ kind: 'regular', contents: Buffer.from('12345') });
    const damaged = Uint8Array.from(bytes);
    // The last byte of the padding behind the five.
    damaged[bytes.indexOf(0x35) + 3] = 1;
    for (const size of [1, 7, bytes.length]) {
      const seen: number[] = [];
      const reading = (async () => {
        for await (const piece of catNar(split(damaged, size), '')) seen.push(...piece);
      })();
      await expect(reading).rejects.toMatchObject({ name: 'NarError' });
      expect(Buffer.from(seen).toString(), `${size}`).toBe('12345');
    }
  });

  test('comes out of every source, with a listing or without', async () => {
    const bytes = await pack(tree);
    const listing = await listNar(bytes);
    for (const [form, source] of Object.entries(sources(bytes))) {
      for (const options of [{}, { listing }]) {
        expect(Buffer.compare(await collect(catNar(await source(), '/d/big', options)), big), form).toBe(0);
        expect(await collect(catNar(await source(), Buffer.from([0xff]), options))).toEqual(Buffer.from('odd'));
        expect(await collect(catNar(await source(), 'empty/', options))).toEqual(Buffer.alloc(0));
        for (const [path, code] of [
          ['d', 'is_directory'],
          ['', 'is_directory'],
          ['link', 'symlink_refused'],
          ['link/big', 'not_found'],
          ['d/bi', 'not_found'],
          ['d/../empty', 'not_found'],
          ['empty/x', 'not_found'],
        ] as const) {
          expect((await failure(collect(catNar(await source(), path, options)))).code, path).toBe(code);
        }
      }
    }
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('is checked to its end and not beyond, wherever pieces are cut', async () => {
    const bytes = await pack({
      kind: 'directory',
      entries: [
        ['a', { kind: 'regular', contents: Buffer.from('abc') }],
        ['b', { kind: 'regular', contents: Buffer.from('b') }],
      ],
    });
    const end = bytes.indexOf('abc') + 8 + 16;
    for (const [flip, isSeen] of [
      [bytes.indexOf('abc') + 5, true],
      [end - 5, true],
      [end + 16, false],
    ] as const) {
      const broken = Buffer.from(bytes);
      broken[flip] = 1;
      for (const size of [1, 7, 100, bytes.length]) {
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => broken.subarray(i * size, (i + 1) * size));
        expect((await failure(collect(catNar(pieces, 'a')))).code !== undefined, `${flip} in ${size}`).toBe(isSeen);
      }
    }
  });
});

describe('listings', () => {
  test('are read back from their JSON, whatever the names', async () => {
    const names = ['10', '9', '__proto__', 'constructor', 'a"b', '\u{1f600}', '\uff5e'].map((name) => Buffer.from(name));
    const entries = [...names, Buffer.from([0x80]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xf0, 0x9f])].map(
      (name) => [name, { kind: 'regular', contents: name, executable: name.length === 1 }] as const,
    );
    const bytes = await pack({ kind: 'directory', entries });
    const listing = await listNar(bytes);
    expect(listing.root.type === 'directory' ? [...listing.root.entries.keys()].map((name) => Buffer.from(nameBytes(name)).toString('hex')) : []).toEqual(
      entries.map(([name]) => name.toString('hex')).sort(),
    );
    const read = parseListing(formatListing(listing));
    expect(read).toEqual(listing);
    for (const [name] of entries) expect(await collect(catNar(bytes, name, { listing: read }))).toEqual(name);
  });

  test.each([
    '',
    '[]',
    '{}',
    '{"version":2,"root":{}}',
    '{"version":1,"root":{"type":"fifo"}}',
    '{"version":1,"root":{"type":"regular","size":-1}}',
    '{"version":1,"root":{"type":"directory","entries":[]}}',
  ])('%s is none', (json) => {
    expect(() => parseListing(json)).toThrowError(expect.objectContaining({ code: 'corrupt_data' }));
  });
});

describe.skipIf(!haveNix)('nix makes the same of', () => {
  /** Packed, listed, unpacked, shown: against nix. */
  async function expectAsNix(root: string): Promise<void> {
    const expected = nixDump(root);
    expect(Buffer.compare(await pack(root), expected)).toBe(0);
    writeFileSync(folder.at('archive'), expected);
    await unpackNar(folder.at('archive'), folder.at('ours'));
    expect(Buffer.compare(nixDump(folder.at('ours')), expected)).toBe(0);
    execFileSync('bash', ['-c', 'nix-store --restore "$0" < "$1" 2> /dev/null', folder.at('theirs'), folder.at('archive')]);
    expect(Buffer.compare(await pack(folder.at('theirs')), expected)).toBe(0);
    const facts = (at: string) =>
      execFileSync('find', [at, '-printf', '%P\\0%y %m %l\\0'], { maxBuffer: 1 << 30 })
        .toString('latin1')
        .split('\0').length;
    expect(facts(folder.at('ours'))).toBe(facts(folder.at('theirs')));
    const summary = await verifyNar(folder.at('archive'));
    expect(summary.narSize).toBe(expected.length);
  }

  test('a tree with every oddity', async () => {
    const root = folder.at('tree');
    mkdirSync(`${root}/${'n'.repeat(255)}`, { recursive: true });
    mkdirSync(`${root}/empty`);
    let deep = `${root}/deep`;
    for (let i = 2; i < 64; i++) {
      mkdirSync(deep);
      deep += '/d';
    }
    writeFileSync(deep, 'the 64th level');
    for (const bytes of [[0xff], [0x80, 0x0a], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0x1b, 0x5b, 0x41]])
      writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(bytes)]), 'x');
    for (const name of ['a', 'a-b', 'a.b', '~nix~case~hack~1', '\\', 'C:', '...', '\u{1f600}', '\uff5e']) writeFileSync(`${root}/${name}`, name);
    writeFileSync(`${root}/none`, '');
    writeFileSync(`${root}/tool`, '', { mode: 0o755 });
    for (const [name, target] of Object.entries({ nowhere: 'nowhere', loop: 'loop', up: '../../..', absolute: '/etc/passwd', long: 't'.repeat(4095) }))
      symlinkSync(target, `${root}/link-${name}`);
    await expectAsNix(root);
  });

  test('100 000 entries', async () => {
    const root = folder.at('tree');
    for (let d = 0; d < 100; d++) {
      mkdirSync(`${root}/${d}`, { recursive: true });
      for (let f = 0; f < 999; f++) writeFileSync(`${root}/${d}/${f}`, f % 5 === 0 ? '' : `${d} ${f}`);
    }
    await expectAsNix(root);
  });

  test('its own listings', async () => {
    const root = folder.at('tree');
    mkdirSync(`${root}/d/empty`, { recursive: true });
    writeFileSync(`${root}/d/file`, 'text');
    writeFileSync(`${root}/tool`, '', { mode: 0o755 });
    symlinkSync('d', `${root}/link`);
    writeFileSync(folder.at('archive'), nixDump(root));
    const nix = ['--extra-experimental-features', 'nix-command', 'nar', 'ls', '--json', '-R', folder.at('archive'), '/'];
    const json = execFileSync('nix', nix, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const listing = await listNar(readFileSync(folder.at('archive')));
    expect(formatListing(listing)).toBe(`{"version":1,"root":${json.trim()}}`);
    expect(parseListing(`{"version":1,"root":${json}}`)).toEqual(listing);
  });
});
