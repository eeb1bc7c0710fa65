import type { Definition } from '../define/definition.js';
import { beginsWith } from '../define/magics.js';
import { disown } from '../bytes/results.js';
import { CompressionError } from '../errors/index.js';

/** Bytes that are enough to recognise any format: what `recognise` is shown, and more than the longest magic. */
export const HEAD_BYTES = 4096;

/**
 * The codec whose format the data begin with: the longest magic among all codecs; of several codecs that share a skippable magic the one that recognises the data, else the first registered; after all
 * magics those that recognise what no fixed bytes can tell.
 */
export function detect(codecs: Iterable<Definition>, head: Uint8Array): Definition | undefined {
  const all = [...codecs];
  let best: Definition[] = [];
  let longest = 0;
  for (const codec of all) {
    const length = Math.max(0, ...codec.magics.filter((magic) => beginsWith(head, magic)).map((magic) => magic.bytes.length));
    if (length === 0 || length < longest) continue;
    best = length === longest ? [...best, codec] : [codec];
    longest = length;
  }
  if (best.length > 0) return best.find((codec) => best.length > 1 && recognises(codec, head)) ?? best[0];
  return all.find((codec) => recognises(codec, head));
}

/** No registered codec knows the data. The one error that shows bytes: the first eight, in hex. */
export function unknownFormat(codecs: Iterable<Definition>, head: Uint8Array): CompressionError<'unknown_format'> {
  const shown = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return new CompressionError('unknown_format', { head: shown, registered: [...codecs].map((codec) => codec.name) });
}

function recognises(codec: Definition, head: Uint8Array): boolean {
  try {
    const answer: unknown = codec.recognise?.(head.slice(0, HEAD_BYTES));
    disown(answer);
    return answer === true;
  } catch {
    // A guess that fails is no recognition, and must not keep other codecs from theirs.
    return false;
  }
}
