const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
};

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i;

/** `256KiB`, `1MiB`, `4 MB` (decimal when without `i`) as a number of bytes; undefined for what is no size with a unit, or no whole number of bytes. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] as string).toLowerCase();
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  const bytes = factor === undefined ? Number.NaN : Number(match[1]) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
