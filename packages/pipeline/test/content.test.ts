import { createCipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { defineCodec, Registry } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeContent } from '@chunker/pipeline';
import { resistsCompression } from '../src/content/content.js';
import { statisticsOf } from '../src/content/statistics.js';
import { sampleBytes } from './algorithms.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** A head, and behind it what looks random. */
const with_ = (head: Uint8Array, bytes = 4096) => Buffer.concat([head, randomBytes(bytes)]);
const prose = Buffer.from('It was a bright cold day in April, and the clocks were striking thirteen.\n'.repeat(80));

// Heads of real files, as their tools wrote them.
const HEADS: readonly (readonly [format: string, kind: string, head: Uint8Array])[] = [
  ['zstd', 'compressed', hex('28b52ffd 0458 5d06 00')],
  ['gzip', 'compressed', gzipSync(prose)],
  ['xz', 'compressed', hex('fd377a585a00 0004 e6d6b446 0200 2101 1600')],
  ['bzip2', 'compressed', hex('425a6839 314159265359 9e6d1a5f')],
  ['lz4', 'compressed', hex('04224d18 6440 a7')],
  ['zip', 'compressed', hex('504b0304 1400 0000 0800')],
  ['7z', 'compressed', hex('377abcaf271c 0004')],
  ['rar', 'compressed', hex('526172211a07 0100')],
  ['squashfs', 'compressed', hex('68737173 0500 0000')],
  ['woff2', 'compressed', hex('774f4632 00010000')],
  ['png', 'multimedia', hex('89504e470d0a1a0a 0000000d 49484452')],
  ['jpeg', 'multimedia', hex('ffd8ffe0 0010 4a464946 00')],
  ['gif', 'multimedia', hex('474946383961 0100 0100')],
  ['webp', 'multimedia', hex('52494646 24100000 57454250 56503820')],
  ['wav', 'multimedia', hex('52494646 24100000 57415645 666d7420')],
  ['mp4', 'multimedia', hex('00000020 66747970 69736f6d')],
  ['matroska', 'multimedia', hex('1a45dfa3 a3428681')],
  ['ogg', 'multimedia', hex('4f676753 0002')],
  ['flac', 'multimedia', hex('664c6143 00000022')],
  ['mp3', 'multimedia', hex('494433 0400')],
  ['elf', 'executable', readFileSync(process.execPath).subarray(0, 4096)],
  ['mach-o', 'executable', hex('cffaedfe 0c000001')],
  ['wasm', 'executable', hex('0061736d 01000000')],
  ['java', 'executable', hex('cafebabe 0000 0041')],
];

describe('content', () => {
  it.each(HEADS)('is known by its head: %s (%s)', (format, kind, head) => {
    expect(describeContent(with_(head))).toMatchObject({ kind, format });
  });

  it('is a Windows program where MZ leads to PE, and none where it does not', () => {
    const head = new Uint8Array(4096);
    head.set([0x4d, 0x5a]);
    head[0x3c] = 0x80;
    expect(describeContent(head).format).toBeUndefined();
    head.set([0x50, 0x45, 0, 0], 0x80);
    expect(describeContent(head)).toMatchObject({ kind: 'executable', format: 'pe' });
  });

  it.each([
    ['ASCII', prose, 'utf-8'],
    ['UTF-8', Buffer.from('Größe, naïveté, 漢字かな, привет 🎈\r\n'.repeat(60)), 'utf-8'],
    ['UTF-8 cut within a character', Buffer.from('漢字かな'.repeat(600)).subarray(1), 'utf-8'],
    ['UTF-16 with a mark', Buffer.concat([hex('fffe'), Buffer.from('some words\r\n'.repeat(200), 'utf16le')]), 'utf-16le'],
    ['UTF-16 without', Buffer.from('some words\r\n'.repeat(200), 'utf16le'), 'utf-16le'],
    ['UTF-16, the great end first', Buffer.from('some words\r\n'.repeat(200), 'utf16le').swap16(), 'utf-16be'],
    ['text that begins like bzip2', Buffer.from('BZh is how a format begins.\n'.repeat(100)), 'utf-8'],
  ])('is text: %s', (_, data, format) => {
    expect(describeContent(data)).toMatchObject({ kind: 'text', format });
  });

  it('is no text where bytes are no characters', () => {
    const data = Buffer.from(prose);
    data[100] = 0xff;
    expect(describeContent(data).kind).toBe('binary');
    expect(describeContent(Buffer.from('a\u0000b'.repeat(500))).kind).toBe('binary');
  });

  it('is of high entropy where it is encrypted, and is not where half repeats the other', () => {
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
    const encrypted = cipher.update(Buffer.alloc(65_536));
    expect(describeContent(encrypted)).toMatchObject({ kind: 'high-entropy' });
    expect(resistsCompression(encrypted, describeContent(encrypted))).toBe(true);
    const twice = Buffer.concat([encrypted.subarray(0, 2048), encrypted.subarray(0, 2048)]);
    const content = describeContent(twice);
    expect(content.repetition).toBeGreaterThan(0.3);
    expect(content.kind).toBe('binary');
  });

  it('of the middle of compressed files is of high entropy, but where a piece that was looked at does compress', () => {
    const program = readFileSync(process.execPath);
    const [first, later] = [0, 40_000_000].map((from) => program.subarray(from, from + 4_000_000)) as [Buffer, Buffer];
    const compressed = [gzipSync(first), gzipSync(later), deflateSync(first), brotliCompressSync(first.subarray(0, 1_000_000))];
    let places = 0;
    for (const whole of compressed) {
      for (let at = 50_000; at + 8192 < whole.length; at += 50_000) {
        const data = whole.subarray(at, at + 60_000);
        places++;
        if (resistsCompression(data, describeContent(data))) continue;
        // One long repeat in the source leaves a repeat in the compressed bytes.
        const pieces = [0, data.length >> 1, data.length - 4096].map((from) => data.subarray(from, from + 4096));
        expect(Math.min(...pieces.map((piece) => deflateRawSync(piece, { level: 9 }).length / piece.length))).toBeLessThan(0.99);
      }
    }
    expect(places).toBeGreaterThan(60);
  });

  it('is known by the magic of a stranger’s codec before any other', () => {
    const stranger = defineCodec({ name: 'stranger', magicBytes: [...hex('89504e470d0a1a0a77')], compress: (data) => data, decompress: (data) => data });
    const registry = Registry.of(stranger);
    const detect = (head: Uint8Array) => registry.detect(head);
    expect(describeContent(with_(hex('89504e470d0a1a0a77')), detect)).toMatchObject({ kind: 'compressed', format: 'stranger' });
    expect(describeContent(with_(hex('89504e470d0a1a0a00')), detect)).toMatchObject({ kind: 'multimedia', format: 'png' });
  });

  it('that only begins like a compressed format is compressed all the same', () => {
    for (const [, , head] of HEADS) {
      const data = Buffer.concat([head.subarray(0, 64), Buffer.from('all the rest are words '.repeat(4000))]);
      expect(resistsCompression(data, describeContent(data))).toBe(false);
    }
  });

  it('has measures between their bounds, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 6 }), (bytes, times) => {
        const data = Buffer.concat(Array.from({ length: times }, () => bytes));
        const { entropy, repetition } = describeContent(data);
        expect(entropy).toBeGreaterThanOrEqual(0);
        expect(entropy).toBeLessThanOrEqual(8);
        expect(repetition).toBeGreaterThanOrEqual(0);
        expect(repetition).toBeLessThanOrEqual(1);
        resistsCompression(data, describeContent(data));
      }),
    );
  });

  it('has the entropy of Shannon', () => {
    for (const length of [1, 7, 256, 4096]) {
      const data = sampleBytes(length, length);
      const shares = new Map<number, number>();
      for (const byte of data) shares.set(byte, (shares.get(byte) ?? 0) + 1 / length);
      const slow = [...shares.values()].reduce((sum, share) => sum - share * Math.log2(share), 0);
      expect(statisticsOf(data).entropy).toBeCloseTo(slow, 9);
    }
  });
});
