import { IoError } from '@chunker/core';
import { BLOCK_BYTES } from './buffers.js';
import type { Reading } from './kernel.js';

/** The longest single read unless `CHUNKER_READ_SLICE_CAP_BYTES` says otherwise. */
export const DEFAULT_SLICE_CAP_BYTES = 16 * 1024 * 1024;

/** Settings of reading, from the environment; read once per open file or tree. A cap counts by whole blocks: what is read in several slices is read in multiples of them. */
export function readingFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Reading {
  const cap = bytesOf(environment, 'CHUNKER_READ_SLICE_CAP_BYTES', BLOCK_BYTES, DEFAULT_SLICE_CAP_BYTES);
  return {
    sliceCapBytes: cap - (cap % BLOCK_BYTES),
    readaheadBytes: bytesOf(environment, 'CHUNKER_READAHEAD_BYTES', 0, 0),
  };
}

function bytesOf(environment: NodeJS.ProcessEnv, name: string, least: number, otherwise: number): number {
  const text = environment[name];
  if (text === undefined || text === '') return otherwise;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= 0x7fff_ffff) return value;
  throw new IoError('invalid_input', { name, value: text, expected: `a number of bytes from ${least} to ${0x7fff_ffff}` });
}
