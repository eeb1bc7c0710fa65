/*
 * What the first bytes of files look like: the published signatures of formats that people keep. Only those that say more than chance: three bytes at least, two where the rest of the head must fit as well.
 * Codecs of a registry have signatures of their own; these are for what nobody registered.
 */
import type { ContentKind } from './content.js';

/** One signature: `at` bytes from the start, `bytes` in hex, where `..` stands for any byte. */
type Row = readonly [kind: ContentKind, format: string, bytes: string, at?: number];

const ROWS: readonly Row[] = [
  ['compressed', 'zstd', '28b52ffd'],
  ['compressed', 'gzip', '1f8b08'],
  ['compressed', 'xz', 'fd377a585a00'],
  ['compressed', 'bzip2', '425a68..314159265359'],
  ['compressed', 'lz4', '04224d18'],
  ['compressed', 'lzip', '4c5a495001'],
  ['compressed', 'lzop', '894c5a4f000d0a1a0a'],
  ['compressed', 'compress', '1f9d90'],
  ['compressed', 'snappy', 'ff060000734e61507059'],
  ['compressed', 'zip', '504b0304'],
  ['compressed', '7z', '377abcaf271c'],
  ['compressed', 'rar', '526172211a07'],
  ['compressed', 'cab', '4d534346'],
  ['compressed', 'squashfs', '68737173'],
  ['compressed', 'woff', '774f4646'],
  ['compressed', 'woff2', '774f4632'],
  ['multimedia', 'png', '89504e470d0a1a0a'],
  ['multimedia', 'jpeg', 'ffd8ff'],
  ['multimedia', 'gif', '47494638..61'],
  ['multimedia', 'webp', '52494646........57454250'],
  ['multimedia', 'wav', '52494646........57415645'],
  ['multimedia', 'avi', '52494646........41564920'],
  ['multimedia', 'mp4', '66747970', 4],
  ['multimedia', 'matroska', '1a45dfa3'],
  ['multimedia', 'ogg', '4f67675300'],
  ['multimedia', 'flac', '664c6143'],
  ['multimedia', 'mp3', '494433'],
  ['multimedia', 'jpeg-xl', '0000000c4a584c200d0a870a'],
  ['multimedia', 'tiff', '49492a00'],
  ['multimedia', 'tiff', '4d4d002a'],
  ['executable', 'elf', '7f454c46'],
  ['executable', 'mach-o', 'cffaedfe'],
  ['executable', 'mach-o', 'cefaedfe'],
  // Of several machines: as many as are counted here. Java's versions, from 45 on, stand in the same place.
  ['executable', 'mach-o', 'cafebabe00000001'],
  ['executable', 'mach-o', 'cafebabe00000002'],
  ['executable', 'mach-o', 'cafebabe00000003'],
  ['executable', 'wasm', '0061736d01000000'],
  ['executable', 'java', 'cafebabe0000'],
];

interface Signature {
  readonly kind: ContentKind;
  readonly format: string;
  readonly at: number;
  /** -1 stands for any byte. */
  readonly bytes: Int16Array;
}

/** By the first byte that is compared, so that most heads are told by one look; the longest first. */
const AT_START: readonly (readonly Signature[])[] = byFirstByte(0);
const LATER: readonly Signature[] = all().filter(({ at }) => at > 0);

/** The format whose signature the head begins with. */
export function signatureOf(head: Uint8Array): { readonly kind: ContentKind; readonly format: string } | undefined {
  for (const signature of AT_START[head[0] as number] ?? []) if (matches(head, signature)) return signature;
  for (const signature of LATER) if (matches(head, signature)) return signature;
  return isPortableExecutable(head) ? { kind: 'executable', format: 'pe' } : undefined;
}

function matches(head: Uint8Array, { at, bytes }: Signature): boolean {
  if (head.length < at + bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== -1 && bytes[i] !== head[at + i]) return false;
  return true;
}

/** `MZ` alone is two bytes; the offset at 0x3c leads to `PE\0\0`. */
function isPortableExecutable(head: Uint8Array): boolean {
  if (head[0] !== 0x4d || head[1] !== 0x5a || head.length < 64) return false;
  const at = (head[0x3c] as number) | ((head[0x3d] as number) << 8);
  return head[at] === 0x50 && head[at + 1] === 0x45 && head[at + 2] === 0 && head[at + 3] === 0;
}

function all(): Signature[] {
  return ROWS.map(([kind, format, text, at = 0]) => {
    const pairs = text.match(/../g) as string[];
    return { kind, format, at, bytes: Int16Array.from(pairs, (pair) => (pair === '..' ? -1 : Number.parseInt(pair, 16))) };
  });
}

function byFirstByte(at: number): Signature[][] {
  const lists: Signature[][] = Array.from({ length: 256 }, () => []);
  for (const signature of all()) if (signature.at === at) lists[signature.bytes[0] as number]?.push(signature);
  for (const list of lists) list.sort((a, b) => b.bytes.length - a.bytes.length);
  return lists;
}
