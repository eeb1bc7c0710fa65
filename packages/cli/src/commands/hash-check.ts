import { ChunkerError, type Hash } from '@chunker/core';
import type { Context } from '../context.js';
import { type EncodingName, encodeDigest } from '../digests.js';
import { digestFiles } from '../file-digests.js';
import { bytesFrom } from '../files.js';
import { escaped, nameOf } from '../names.js';

interface Sum {
  readonly path: string;
  readonly digest: string;
}

/** The longest digest in hex, the longest name escaped, and more. */
const MOST_LINE_BYTES = 4 * 1024 * 1024;

/** Lines whose files are looked at together: enough to overlap reading and hashing, few enough to hold. */
const BATCH = 2048;

/** `chunker hash --check FILE`: each line's file must have the line's digest. Prints `NAME: OK` or `NAME: FAILED`, as `b3sum --check` does. */
export async function checkSums(context: Context, algorithm: Hash, file: string, encoding: EncodingName): Promise<void> {
  const rows: { path: string; algorithm: string; digest: string; ok: boolean }[] = [];
  for await (const sums of batches(readSums(context, file))) {
    let index = 0;
    const paths = sums.map((sum) => sum.path);
    for await (const batch of digestFiles(context, algorithm, paths)) {
      let lines = '';
      for (const { path, digest, error } of batch) {
        const sum = sums[index++] as Sum;
        const actual = digest === undefined ? undefined : encodeDigest(digest, encoding, algorithm.name);
        const ok = actual === sum.digest;
        if (actual === undefined) {
          await context.write(lines);
          lines = '';
          await context.partly(error);
        } else if (!ok) context.countFailure();
        if (context.json) rows.push({ path, algorithm: algorithm.name, digest: actual ?? '', ok });
        else if (!ok || context.options.quiet !== true)
          lines += `${checkLine(path, actual === undefined ? 'FAILED (not read)' : ok ? 'OK' : 'FAILED', context)}\n`;
      }
      await context.write(lines);
    }
  }
  if (context.json) await context.document(rows);
}

/** A name is one line here too: with a newline in it, it could say `OK` of another file. */
function checkLine(path: string, outcome: string, context: Context): string {
  const name = escaped(path);
  return `${name === path ? '' : '\\'}${context.out.name(name)}: ${outcome}`;
}

/** The lines of a checkfile: digest, two spaces (or space and `*`), name; a backslash before the digest says that the name is escaped. */
async function* readSums(context: Context, file: string): AsyncGenerator<Sum> {
  let number = 0;
  for await (const line of lines(file, context.signal)) {
    number += 1;
    if (line === '') continue;
    const match = /^(\\?)(\S+) [ *](.+)$/s.exec(line);
    if (match === null) {
      await context.partly(new ChunkerError('corrupt_data', { reason: `line ${number} of the checkfile is no digest and name` }));
      continue;
    }
    const name = nameOf(Buffer.from(match[3] as string, 'latin1'));
    yield { digest: match[2] as string, path: match[1] === '' ? name : withoutEscapes(name) };
  }
}

/** Split at line feeds alone: a name may hold any other byte. latin1 keeps each byte as one character. */
async function* lines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of bytesFrom(file, signal)) {
    const parts = (rest + Buffer.from(piece).toString('latin1')).split('\n');
    rest = parts.pop() as string;
    yield* parts;
    if (rest.length > MOST_LINE_BYTES) throw new ChunkerError('corrupt_data', { reason: `a line of the checkfile is longer than ${MOST_LINE_BYTES} bytes` });
  }
  if (rest !== '') yield rest;
}

function withoutEscapes(name: string): string {
  return name.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character === 'r' ? '\r' : character));
}

async function* batches(sums: AsyncIterable<Sum>): AsyncGenerator<Sum[]> {
  let batch: Sum[] = [];
  for await (const sum of sums) {
    batch.push(sum);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
