/** The inputs of vectors/fastcdc/golden.json, by the rule that stands in it. */
export function golden(kind: string, seed: number, length: number): Uint8Array {
  let x = seed;
  const random = () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 24;
  };
  const byte: Record<string, (i: number) => number> = {
    random,
    letters: () => 97 + (random() % 4),
    counting: (i) => i % 251,
    zeros: () => 0,
  };
  const next = byte[kind];
  if (next === undefined) throw new Error(`no such input: ${kind}`);
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = next(i);
  return data;
}

/** Repeats 0 to 255 as far as asked. */
export function modulo(length: number, divisor: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % divisor);
}
