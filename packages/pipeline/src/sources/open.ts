import { ChunkerError } from '@chunker/core';
import { BlobSource } from './blob.js';
import { HandleSource } from './handle.js';
import { IterableSource, webIterable } from './iterable.js';
import { MemorySource } from './memory.js';
import type { FileHandleLike, FileInput, PipelineInput, WindowSource } from './source.js';

/** The source for whatever a pipeline was given. */
export async function openSource(input: PipelineInput, signal: AbortSignal | undefined): Promise<WindowSource> {
  if (input instanceof Uint8Array) return new MemorySource(input);
  if (typeof input === 'object' && input !== null) {
    if (isSource(input)) return input;
    if (isFile(input)) return (await import('@chunker/io')).openFileSource(input.file, { signal, reading: input.reading });
    if (isHandle(input)) return new HandleSource(input, await import('@chunker/io'));
    if (typeof Blob === 'function' && input instanceof Blob) return new BlobSource(input);
    if (isWebStream(input)) return new IterableSource(webIterable(input));
    if (Symbol.asyncIterator in input || Symbol.iterator in input) return new IterableSource(input);
  }
  throw new ChunkerError('invalid_input', {
    name: 'input',
    value: input === null ? 'null' : `of type ${typeof input}`,
    expected: '{ file }, a file handle, Uint8Array, Blob, an iterable or stream of Uint8Arrays, or a window source',
  });
}

function isSource(input: object): input is WindowSource {
  return 'fill' in input && typeof input.fill === 'function' && 'close' in input;
}

/** A file named by its path. */
export function isFile(input: unknown): input is FileInput {
  return typeof input === 'object' && input !== null && 'file' in input && (typeof input.file === 'string' || input.file instanceof Uint8Array);
}

function isHandle(input: object): input is FileHandleLike {
  return 'fd' in input && typeof input.fd === 'number' && 'read' in input && typeof input.read === 'function' && !(Symbol.asyncIterator in input);
}

function isWebStream(input: object): input is ReadableStream<Uint8Array> {
  return 'getReader' in input && typeof input.getReader === 'function';
}
