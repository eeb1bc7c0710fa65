import type { CodecKernel, FrameSummary } from '@chunker/core';
import { type CodecAddon, loadCodec, type NativeCodec } from '@chunker/core/native';
import { costPerByte } from './cost.js';
import type { LzmaOptions, XzOptions } from './options.js';

/** Numbers of the checks in stream flags. */
const CHECKS = { none: 0, crc32: 1, crc64: 4, sha256: 10 } as const;

/** A codec of either format. */
interface XzCodec extends NativeCodec {
  encoderMemory(bytes: number): number;
  workingMemory(decompress: boolean, bytes: number): number;
  compressBound(bytes: number): number;
}

/** The addon: native/bindings/xz. */
interface Exports extends CodecAddon<XzCodec> {
  inspect(data: Uint8Array, lzma: boolean): Float64Array;
  readonly Codec: { open(settings: Uint32Array): XzCodec };
}

/** The kernel of `xz` on the addon. Rejects where no addon can be loaded. */
export async function loadXz(): Promise<CodecKernel<XzOptions>> {
  return loadFormat<XzOptions>('xz', xzSettings);
}

/** The kernel of `lzma` on the addon. Rejects where no addon can be loaded. */
export async function loadLzma(): Promise<CodecKernel<LzmaOptions>> {
  return loadFormat<LzmaOptions>('lzma', lzmaSettings);
}

function loadFormat<Options extends LzmaOptions>(name: 'xz' | 'lzma', settingsOf: (options: Options) => Uint32Array): CodecKernel<Options> {
  return loadCodec<Options, XzCodec, Exports>({
    name,
    stem: 'xz',
    packageName: '@chunker/codec-xz',
    from: import.meta.url,
    open: (addon, options) => addon.Codec.open(settingsOf(options)),
    costPerByte: (direction, { level, extreme }) => costPerByte(direction, level, extreme),
    memory: (direction, _, bytes, codec) => codec().workingMemory(direction === 'decompress', Math.min(bytes, Number.MAX_SAFE_INTEGER)),
    compressBound: (bytes, _, codec) => codec().compressBound(bytes),
    encoderMemory: (codec, bytes) => codec.encoderMemory(bytes),
    inspect: (addon, data) => summary(addon.inspect(data, name === 'lzma')),
  });
}

function xzSettings({ level, extreme, check, dictionaryBytes, blockBytes }: XzOptions): Uint32Array {
  const bytes = typeof blockBytes === 'number' ? blockBytes : 0;
  const blocks = blockBytes === undefined ? 0 : blockBytes === 'auto' ? 1 : 2;
  return Uint32Array.of(0, level, extreme ? 1 : 0, CHECKS[check], dictionaryBytes ?? 0, blocks, bytes >>> 0, Math.floor(bytes / 2 ** 32));
}

function lzmaSettings({ level, extreme, dictionaryBytes }: LzmaOptions): Uint32Array {
  return Uint32Array.of(1, level, extreme ? 1 : 0, CHECKS.none, dictionaryBytes ?? 0, 0, 0, 0);
}

function summary(fields: Float64Array): FrameSummary {
  const [frames, blocks, contentBytes, windowBytes, check, skippableBytes] = fields as unknown as [number, number, number, number, number, number];
  const name = Object.entries(CHECKS).find(([, number]) => number === check)?.[0];
  return {
    frames,
    ...(blocks < 0 ? {} : { blocks }),
    ...(contentBytes < 0 ? {} : { contentBytes }),
    windowBytes,
    checksum: check > 0,
    ...(name === undefined ? {} : { check: name }),
    skippableBytes,
  };
}
