import type { Handles, Hash } from '@chunker/core';
import { openRegistry, takeHash } from '../algorithms.js';
import type { Context } from '../context.js';
import { type EncodingName, encodeDigest } from '../digests.js';
import { usageError } from '../failure.js';
import { digestFiles } from '../file-digests.js';
import { readWhole } from '../files.js';
import { escaped } from '../names.js';
import { parseCount } from '../sizes.js';
import { checkReadOnce } from '../standard-input.js';
import { checkSums } from './hash-check.js';

export interface HashOptions {
  readonly algorithm: string;
  readonly length?: string;
  readonly keyFile?: string;
  readonly deriveKey?: string;
  readonly encoding: EncodingName;
  readonly check?: string;
}

/** More than any hash takes for a key. */
const MAX_KEY_BYTES = 4096;

/** `chunker hash`: a digest per file, as `b3sum` prints them. */
export async function hash(context: Context, operands: readonly string[], options: HashOptions): Promise<void> {
  checkReadOnce(options.keyFile, options.check, ...(operands.length === 0 && options.check === undefined ? ['-'] : operands));
  const { registry } = await openRegistry(context, { specs: { hash: [options.algorithm] } });
  const algorithm = await takeHash(registry, options.algorithm, optionsOf(options), await handlesOf(options, context.signal));
  if (options.check !== undefined) {
    if (operands.length > 0) throw usageError('--check takes the names from its file');
    return checkSums(context, algorithm, options.check, options.encoding);
  }
  await printDigests(context, algorithm, operands.length === 0 ? ['-'] : operands, options.encoding);
}

async function printDigests(context: Context, algorithm: Hash, paths: readonly string[], encoding: EncodingName): Promise<void> {
  const rows: { path: string; algorithm: string; digest: string }[] = [];
  for await (const batch of digestFiles(context, algorithm, paths)) {
    let lines = '';
    for (const { path, digest, error } of batch) {
      if (digest === undefined) {
        if (paths.length === 1) throw error;
        // Standard output and the complaint stay in the order of the files.
        await context.write(lines);
        lines = '';
        await context.partly(error);
        continue;
      }
      const text = encodeDigest(digest, encoding, algorithm.name);
      if (context.json) rows.push({ path, algorithm: algorithm.name, digest: text });
      else lines += `${sumLine(text, path, context)}\n`;
    }
    await context.write(lines);
  }
  if (context.json) await context.document(rows);
}

/** A line as `b3sum` writes it: a name with a newline or a backslash is escaped, and a backslash at the start says so. */
function sumLine(digest: string, path: string, context: Context): string {
  const name = escaped(path);
  return `${name === path ? '' : '\\'}${digest}  ${context.out.name(name)}`;
}

function optionsOf({ length, deriveKey, keyFile }: HashOptions): Readonly<Record<string, string | number>> {
  if (deriveKey !== undefined && keyFile !== undefined) throw usageError('--key-file and --derive-key are two modes');
  return {
    ...(length === undefined ? {} : { length: parseCount(length, '--length', 1, 1_048_576) }),
    ...(deriveKey === undefined ? {} : { context: deriveKey }),
  };
}

async function handlesOf({ keyFile }: HashOptions, signal: AbortSignal): Promise<Handles | undefined> {
  if (keyFile === undefined) return undefined;
  return { key: await readWhole(keyFile, '--key-file', MAX_KEY_BYTES, signal) };
}
