import { EFFORTS, type EffortChoice, type Efforts } from '../contracts/index.js';
import { isPlain, snapshot } from '../options/snapshot.js';

/** Reads what a codec says of the efforts it serves. Throws an Error in words: the caller names the plugin. */
export function readEfforts(source: unknown): Efforts {
  if (source === undefined) return Object.freeze({});
  if (!isPlain(source)) throw new Error('efforts is no plain object');
  const given = source as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!(EFFORTS as readonly string[]).includes(name)) throw new Error(`'${name}' is no effort (${EFFORTS.join(', ')})`);
  }
  const read = EFFORTS.filter((effort) => given[effort] !== undefined).map((effort) => [effort, readChoice(effort, given[effort])] as const);
  return Object.freeze(Object.fromEntries(read));
}

function readChoice(effort: string, source: unknown): EffortChoice {
  if (!isPlain(source)) throw new Error(`the effort ${effort} is no plain object`);
  const { options, nanosecondsPerByte, ratio } = source as Readonly<Record<string, unknown>>;
  if (!isPlain(options)) throw new Error(`the effort ${effort} has no options`);
  return Object.freeze({
    options: Object.freeze(snapshot(options) as Record<string, unknown>),
    nanosecondsPerByte: positive(nanosecondsPerByte, `nanosecondsPerByte of the effort ${effort}`),
    ratio: positive(ratio, `the ratio of the effort ${effort}`),
  });
}

function positive(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new Error(`${what} is no number above 0`);
}
