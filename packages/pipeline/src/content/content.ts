import { signatureOf } from './signatures.js';
import { entropyOfRandom, statisticsOf } from './statistics.js';
import { textEncodingOf } from './text.js';

/** What the bytes of a chunk are taken for. `binary` is all the rest. */
export const CONTENT_KINDS = ['compressed', 'multimedia', 'executable', 'text', 'high-entropy', 'binary'] as const;

/** What kind of content bytes are, as far as it matters to compression. */
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** What the head of some bytes tells. */
export interface Content {
  readonly kind: ContentKind;
  /** The format where it is known: `png`, `elf`, `utf-8`, or the name of a registered codec. */
  readonly format?: string;
  /** Bits per byte of the head, each byte by itself; 8 is what random bytes come close to. */
  readonly entropy: number;
  /** Share of the head's positions whose four bytes came before in it, 0 to 1. */
  readonly repetition: number;
}

/** Bytes that are looked at. */
export const CONTENT_HEAD_BYTES = 4096;
/** 4 KiB of what gzip, deflate and brotli write stay within this of random bytes, in bits per byte (the most seen in 6000 of them: 0.28); programs and text are more than one below. */
const NEAR_RANDOM = 0.3;
/** Random bytes repeat four of them in 4 KiB once in a million; half of a head that repeats the other half is no random one. */
const FEW_REPEATS = 0.05;
/** Entropy of shorter pieces says nothing. */
const LEAST_BYTES = 64;

/**
 * What the first 4 KiB of `data` are: the format that `detect` or a table of signatures recognises, else text, bytes as good as random, or any other. `detect` is a registry's, so that a stranger's
 * codec is known by its magic. Costs a few microseconds.
 */
export function describeContent(data: Uint8Array, detect?: (head: Uint8Array) => string | undefined): Content {
  const head = data.subarray(0, CONTENT_HEAD_BYTES);
  const { entropy, repetition, counts } = statisticsOf(head);
  const measured = { entropy, repetition };
  const codec = detect?.(head);
  if (codec !== undefined) return { kind: 'compressed', format: codec, ...measured };
  const known = signatureOf(head);
  if (known !== undefined) return { kind: known.kind, format: known.format, ...measured };
  if (looksRandom(head.length, entropy, repetition)) return { kind: 'high-entropy', ...measured };
  const encoding = textEncodingOf(head, counts);
  return encoding === undefined ? { kind: 'binary', ...measured } : { kind: 'text', format: encoding, ...measured };
}

/**
 * Is it a waste to compress this? Content that is compressed, multimedia or as good as random by its head, and as dense in the middle and at the end: a tar file may begin with a picture, an uncompressed
 * picture with its magic.
 */
export function resistsCompression(data: Uint8Array, { kind }: Content): boolean {
  if (kind !== 'compressed' && kind !== 'multimedia' && kind !== 'high-entropy') return false;
  const dense = (from: number) => isDense(data.subarray(from, from + CONTENT_HEAD_BYTES));
  if (data.length <= 2 * CONTENT_HEAD_BYTES) return dense(0);
  // Heads of compressed formats hold names and tables; what counts for those comes behind.
  return (kind !== 'high-entropy' || dense(0)) && dense(data.length >> 1) && dense(data.length - CONTENT_HEAD_BYTES);
}

function isDense(piece: Uint8Array): boolean {
  const { entropy, repetition } = statisticsOf(piece);
  return piece.length < LEAST_BYTES || looksRandom(piece.length, entropy, repetition);
}

function looksRandom(bytes: number, entropy: number, repetition: number): boolean {
  return bytes >= LEAST_BYTES && entropy >= entropyOfRandom(bytes) - NEAR_RANDOM && repetition <= FEW_REPEATS;
}
