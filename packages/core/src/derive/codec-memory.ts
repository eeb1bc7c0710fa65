import type { Call, CodecKernel, DecodeCall } from '../contracts/index.js';
import type { OutputLimits } from './limits.js';
import type { Taken } from './operation.js';
import type { Direction } from './raw-codec.js';

/** What decompressing makes of its input where nobody says: text and programs grow three- to fourfold. */
const USUAL_GROWTH = 4;

/** Estimates what the calls of one codec take beside their input, before anything is allocated. */
export class CodecMemory {
  readonly #taken: Taken<CodecKernel<unknown>>;

  constructor(taken: Taken<CodecKernel<unknown>>) {
    this.#taken = taken;
  }

  /** Window, tables and dictionaries. */
  working(direction: Direction, bytes: number): number {
    return this.#taken.kernel.memory(direction, this.#taken.options, bytes);
  }

  /** The same where a decoding call forbids more: the kernel refuses before it allocates. */
  allowed(direction: Direction, bytes: number, call: Call): number {
    const working = this.working(direction, bytes);
    return direction === 'compress' ? working : Math.min(working, (call as DecodeCall).limits.maxMemoryBytes);
  }

  /** The result of `data`: the bound of compressing, or what the headers declare. */
  result(direction: Direction, data: Uint8Array, call: Call, bound: number): number {
    if (direction === 'compress') return bound;
    return Math.min(this.#declared(data) ?? USUAL_GROWTH * data.length, ((call as DecodeCall).limits as OutputLimits).maxOutputBytes);
  }

  /** Results of a batch, of which nobody reads the headers. */
  results(direction: Direction, bytes: number, bound: number): number {
    return direction === 'compress' ? bound : USUAL_GROWTH * bytes;
  }

  #declared(data: Uint8Array): number | undefined {
    try {
      const declared: unknown = this.#taken.kernel.methods.inspect?.(data, this.#taken.options).contentBytes;
      return typeof declared === 'number' && declared >= 0 ? declared : undefined;
    } catch {
      // Damaged headers are the decoder's to name.
      return undefined;
    }
  }
}
