import type { CodecKernel, FrameSummary } from '@chunker/core';
import { type CodecAddon, loadCodec, type NativeCodec } from '@chunker/core/native';
import { compressBound, costPerByte } from './cost.js';
import { declaredBytes } from './declared.js';
import { workingMemory } from './memory.js';
import type { ZstdOptions } from './options.js';

/** The addon: native/bindings/zstd. */
interface Exports extends CodecAddon {
  inspect(data: Uint8Array): Float64Array;
  readonly Codec: { open(settings: Uint32Array, dictionary: Uint8Array | undefined): NativeCodec };
}

/** The kernel on the addon. Rejects where no addon can be loaded. */
export async function load(): Promise<CodecKernel<ZstdOptions>> {
  return loadCodec<ZstdOptions, NativeCodec, Exports>({
    name: 'zstd',
    stem: 'zstd',
    packageName: '@chunker/codec-zstd',
    from: import.meta.url,
    open: (addon, options, { dictionary }) => addon.Codec.open(settingsOf(options), dictionary),
    costPerByte: (direction, { level }) => costPerByte(direction, level),
    memory: workingMemory,
    compressBound,
    inspect: (addon, data) => summary(addon.inspect(data)),
    declaredBytes,
  });
}

function settingsOf({ level, checksum, contentSize, longDistance, windowLog, minMatch, targetBlockBytes }: ZstdOptions): Uint32Array {
  const flags = (checksum ? 1 : 0) | (contentSize ? 2 : 0) | (longDistance ? 4 : 0);
  return Uint32Array.of(level + 7, flags, windowLog ?? 0, minMatch ?? 0, targetBlockBytes ?? 0);
}

function summary(fields: Float64Array): FrameSummary {
  const [frames, contentBytes, windowBytes, dictionaryId, checksum, skippableBytes] = fields as unknown as [number, number, number, number, number, number];
  return {
    frames,
    ...(contentBytes < 0 ? {} : { contentBytes }),
    windowBytes,
    ...(dictionaryId === 0 ? {} : { dictionaryId }),
    checksum: checksum === 1,
    skippableBytes,
  };
}
