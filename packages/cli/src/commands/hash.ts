import { readFile } from 'node:fs/promises';
import { ChunkerError, type Handles, type Hash } from '@chunker/core';
import { openRegistry, takeHash } from '../algorithms.js';
import type { Context } from '../context.js';
import { type EncodingName, encodeDigest } from '../digests.js';
import { usageError } from '../failure.js';
import { digestFiles } from '../file-digests.js';
import { bytesOf } from '../names.js';
import { parseCount } from '../sizes.js';
import { checkSums } from './hash-check.js';

export interface HashOptions {
  readonly algorithm: string;
  readonly length?: string;
  readonly keyFile?: string;
  readonly deriveKey?: string;
  readonly encoding: EncodingName;
  readonly check?: string;
}

/** `chunker hash`: a digest per file, as `b3sum` prints them. */
export async function hash(context: Context, operands: readonly string[], options: HashOptions): Promise<void> {
  const { registry } = await openRegistry(context);
  const algorithm = await takeHash(registry, options.algorithm, optionsOf(options), await handlesOf(options));
  if (options.check !== undefined) {
    if (operands.length > 0) throw usageError('--check takes the names from its file');
    return checkSums(context, algorithm, options.check, options.encoding);
  }
  await printDigests(context, algorithm, operands.length === 0 ? ['-'] : operands, options.encoding);
}

async function printDigests(context: Context, algorithm: Hash, paths: readonly string[], encoding: EncodingName): Promise<void> {
  const rows: { path: string; algorithm: string; digest: string }[] = [];
  for await (const { path, digest, error } of digestFiles(context, algorithm, paths)) {
    if (digest === undefined) {
      if (paths.length === 1) throw error;
      await context.partly(error);
      continue;
    }
    const text = encodeDigest(digest, encoding, algorithm.name);
    if (context.json) rows.push({ path, algorithm: algorithm.name, digest: text });
    else await context.line(sumLine(text, path, context));
  }
  if (context.json) await context.document(rows);
}

/** A line as `b3sum` writes it: a name with a newline or a backslash is escaped, and a backslash at the start says so. */
function sumLine(digest: string, path: string, context: Context): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `${escaped === path ? '' : '\\'}${digest}  ${context.out.name(escaped)}`;
}

function optionsOf({ length, deriveKey, keyFile }: HashOptions): Readonly<Record<string, string | number>> {
  if (deriveKey !== undefined && keyFile !== undefined) throw usageError('--key-file and --derive-key are two modes');
  return {
    ...(length === undefined ? {} : { length: parseCount(length, '--length', 1, 1_048_576) }),
    ...(deriveKey === undefined ? {} : { context: deriveKey }),
  };
}

async function handlesOf({ keyFile }: HashOptions): Promise<Handles | undefined> {
  if (keyFile === undefined) return undefined;
  const key = await readFile(Buffer.from(bytesOf(keyFile)));
  if (key.length > 4096) throw new ChunkerError('invalid_input', { name: '--key-file', value: `${key.length} bytes long`, expected: 'a key' });
  return { key };
}
