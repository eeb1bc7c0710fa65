import { isChunkerError } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NarHandler, NarParser, type NarTree } from '../src/index.js';
import { pack } from './folder.js';
import { type Event, judge } from './reference.js';
import { archiveOf, cases, codeOf, haveVectors } from './vectors.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What the parser tells of the pieces; contents that follow one another are one event, for their cut is the pieces'. */
function parse(pieces: readonly Uint8Array[], options: { maxDepth?: number; skip?: boolean; seek?: boolean } = {}) {
  const events: Event[] = [];
  const handler: NarHandler = {
    directory: (p) => void events.push(['directory', hex(p.path), p.nodeOffset]),
    file: (p) => {
      events.push(['file', hex(p.path), p.nodeOffset, p.size, p.executable, p.contentsOffset]);
      return options.skip !== true;
    },
    contents: (bytes) => {
      const last = events.at(-1) as Event;
      if (last[0] === 'contents') last[1] += hex(bytes);
      else events.push(['contents', hex(bytes)]);
    },
    symlink: (p) => void events.push(['symlink', hex(p.path), p.nodeOffset, hex(p.target)]),
    end: (p) => void events.push(['end', hex(p.path)]),
  };
  const parser = new NarParser(handler, options);
  try {
    for (const piece of pieces) {
      let rest = piece;
      while (rest.length > 0) {
        const jump = options.seek === true ? Math.min(parser.skippable, rest.length) : 0;
        if (jump > 0) parser.skip(jump);
        rest = rest.subarray(jump);
        const step = options.seek === true ? rest.subarray(0, 8) : rest;
        rest = rest.subarray(parser.feed(step));
      }
    }
    parser.finish();
    return { events };
  } catch (error) {
    if (!isChunkerError(error)) throw error;
    return { events, code: error.code as string, offset: (error.details as { offset?: number }).offset };
  }
}

function expectAsJudged(bytes: Uint8Array, pieces: readonly Uint8Array[] = [bytes], maxDepth = 64): void {
  const { events, broken } = judge(bytes, maxDepth);
  const found = parse(pieces, { maxDepth });
  expect({ code: found.code, offset: found.offset }).toEqual({ code: broken?.code, offset: broken?.offset });
  expect(found.events).toEqual(events);
  const bare = events.filter(([kind]) => kind !== 'contents');
  for (const seek of [false, true]) expect(parse(pieces, { maxDepth, skip: true, seek })).toEqual({ ...found, events: bare });
}

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return [...pieces, bytes.slice(at)];
}

const nameArbitrary = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x41 : byte)))
  .filter((name) => !(name.length <= 2 && name.every((byte) => byte === 0x2e)));

const treeArbitrary = fc.letrec<{ tree: NarTree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant('regular' as const), contents: fc.uint8Array({ maxLength: 40 }), executable: fc.boolean() }),
    fc.record({ kind: fc.constant('symlink' as const), target: nameArbitrary }),
    fc.record({
      kind: fc.constant('directory' as const),
      entries: fc.uniqueArray(fc.tuple(nameArbitrary, tie('tree')), { maxLength: 5, selector: ([name]) => hex(name) }),
    }),
  ),
})).tree;

describe.skipIf(!haveVectors)('archives of others', () => {
  test.each(cases)('$file', (vector) => {
    const bytes = archiveOf(vector);
    const found = parse([bytes]);
    if (vector.expect === 'accept') expect(found.code).toBeUndefined();
    else expect(found).toMatchObject({ code: codeOf(vector), offset: vector.byteOffset });
    expectAsJudged(bytes);
    if (bytes.length < 5000) expectAsJudged(bytes, cut(bytes, new Array(bytes.length).fill(1)));
    if (vector.acceptedWhen !== undefined) expect(parse([bytes], { maxDepth: 65 }).code).toBeUndefined();
  });

  test('cut at every byte', () => {
    const bytes = archiveOf({ file: 'good/nested.nar', expect: 'accept' });
    for (let length = 0; length < bytes.length; length++) {
      expect(parse([bytes.subarray(0, length)])).toMatchObject({ code: 'truncated_input', offset: length });
    }
  });
});

describe('any tree', () => {
  test('gives the events of the judge, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(treeArbitrary, fc.array(fc.nat(200), { maxLength: 30 }), async (tree, lengths) => {
        const bytes = await pack(tree);
        expectAsJudged(bytes, cut(bytes, lengths));
      }),
      { numRuns: 200 },
    );
  });

  test('with bytes changed, missing or moved breaks where the judge says', async () => {
    const change = fc.record({ at: fc.nat(), value: fc.nat(255), word: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(treeArbitrary, fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(50), fc.nat(), async (tree, changes, step, end) => {
        const bytes = (await pack(tree)).subarray();
        for (const { at, value, word } of changes) {
          const place = at % bytes.length;
          bytes[word ? place - (place % 8) : place] = value;
        }
        const whole = end % 3 === 0 ? bytes.subarray(0, end % bytes.length) : bytes;
        expectAsJudged(whole, cut(whole, new Array(Math.ceil(whole.length / (step + 1))).fill(step + 1)));
      }),
      { numRuns: 500 },
    );
  });

  test('with strings dropped, doubled or swapped breaks where the judge says', async () => {
    await fc.assert(
      fc.asyncProperty(treeArbitrary, fc.nat(), fc.constantFrom('drop', 'double', 'swap'), async (tree, pick, how) => {
        const strings = split(await pack(tree));
        const at = pick % strings.length;
        const one = strings[at] as Uint8Array;
        if (how === 'drop') strings.splice(at, 1);
        else if (how === 'double') strings.splice(at, 0, one);
        else strings.splice(at, 2, ...strings.slice(at, at + 2).reverse());
        expectAsJudged(Buffer.concat(strings));
      }),
      { numRuns: 500 },
    );
  });
});

describe('every place of the grammar', () => {
  const TREE: NarTree = {
    kind: 'directory',
    entries: [
      ['bin', { kind: 'directory', entries: [['tool', { kind: 'regular', contents: Buffer.from('#!/bin/sh'), executable: true }]] }],
      ['bin-old', { kind: 'directory', entries: [] }],
      ['link', { kind: 'symlink', target: 'bin/tool' }],
      ['none', { kind: 'regular', contents: Buffer.alloc(0) }],
    ],
  };
  const WORDS = [
    '(',
    ')',
    '',
    'type',
    'regular',
    'directory',
    'symlink',
    'executable',
    'contents',
    'target',
    'entry',
    'name',
    'node',
    'nix-archive-1',
    'unknown',
    '.',
    '..',
    'a/b',
    'a\0b',
    'link',
  ];
  const LENGTHS = [33n, 256n, 4096n, 1n << 20n, 1n << 31n, (1n << 32n) + 4n, 1n << 40n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n];

  test('refuses what the judge refuses there: strings left out, doubled, swapped, replaced', async () => {
    const strings = split(await pack(TREE));
    const broken = new Set<string | undefined>();
    for (const [at, one] of strings.entries()) {
      const before = strings.slice(0, at);
      const behind = strings.slice(at + 1);
      const others = [[], [one, one], ...WORDS.map((word) => [stringOf(word)])];
      for (const instead of others) {
        const bytes = Buffer.concat([...before, ...instead, ...behind]);
        expectAsJudged(bytes);
        broken.add(judge(bytes).broken?.code);
      }
      const [next, ...rest] = behind;
      if (next !== undefined) expectAsJudged(Buffer.concat([...before, next, one, ...rest]));
    }
    const expected = [
      'bad_magic',
      'unexpected_token',
      'missing_type',
      'unknown_type',
      'missing_name',
      'missing_node',
      'missing_contents',
      'missing_target',
      'executable_value',
    ];
    expect([...broken]).toEqual(expect.arrayContaining([...expected, 'invalid_name', 'invalid_target', 'duplicate_entry', 'entry_out_of_order', undefined]));
  });

  test('refuses lengths that nothing has, before anything is kept for them', async () => {
    const strings = split(await pack(TREE));
    for (const [at, one] of strings.entries()) {
      for (const length of LENGTHS) {
        const changed = Buffer.from(one);
        changed.writeBigUInt64LE(length);
        const bytes = Buffer.concat([...strings.slice(0, at), changed, ...strings.slice(at + 1)]);
        expectAsJudged(bytes);
        const memory = process.memoryUsage().arrayBuffers;
        parse([bytes.subarray(0, bytes.length - 1), bytes.subarray(bytes.length - 1)]);
        expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(65_536);
      }
    }
  });

  test('takes no padding that is not zero, whether contents are wanted or not', async () => {
    const strings = split(await pack(TREE));
    let at = 0;
    for (const one of strings) {
      const length = Number(Buffer.from(one).readBigUInt64LE());
      for (let padding = 8 + length; padding < one.length; padding++) {
        const bytes = Buffer.concat(strings);
        bytes[at + padding] = 1;
        expectAsJudged(bytes);
        expect(parse([bytes], { skip: true })).toMatchObject({ code: 'non_zero_padding', offset: at + padding });
      }
      at += one.length;
    }
  });

  test('ends where the archive ends: not a byte before, not one behind', async () => {
    const bytes = await pack(TREE);
    for (let length = 0; length < bytes.length; length++) expectAsJudged(bytes.subarray(0, length));
    for (const more of [Buffer.alloc(1), Buffer.alloc(8), bytes]) {
      const longer = Buffer.concat([bytes, more]);
      expectAsJudged(longer);
      expect(parse([bytes, more])).toMatchObject({ code: 'trailing_data', offset: bytes.length });
    }
  });

  test('is not moved by passing over nothing', async () => {
    const bytes = await pack(TREE);
    const parser = new NarParser({ directory() {}, file: () => true, contents() {}, symlink() {}, end() {} });
    for (const byte of bytes) {
      parser.skip(0);
      parser.feed(Uint8Array.of(byte));
    }
    parser.finish();
    expect(parser.position).toBe(bytes.length);
    expect(() => parser.skip(1)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

function stringOf(text: string): Buffer {
  const string = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8);
  string.writeBigUInt64LE(BigInt(text.length));
  string.write(text, 8, 'latin1');
  return string;
}

/** The strings of an archive. */
function split(archive: Buffer): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let at = 0; at < archive.length; ) {
    const end = at + 8 + Math.ceil(Number(archive.readBigUInt64LE(at)) / 8) * 8;
    strings.push(archive.subarray(at, end));
    at = end;
  }
  return strings;
}
