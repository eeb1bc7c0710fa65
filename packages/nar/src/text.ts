// Names are bytes; a listing is JSON. A byte that is no UTF-8 stands there as the lone surrogate U+DC00 + byte (PEP 383, "surrogateescape"), so that every name has one text and every such text one name.

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text for a name or target. */
export function nameText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return piecewise(bytes);
  }
}

/** The bytes of such a text; the inverse of `nameText`. */
export function nameBytes(text: string): Uint8Array {
  if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

function piecewise(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i] as number;
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    try {
      text += strict.decode(bytes.subarray(i, i + length));
      i += length;
    } catch {
      text += String.fromCharCode(0xdc00 + first);
      i++;
    }
  }
  return text;
}
