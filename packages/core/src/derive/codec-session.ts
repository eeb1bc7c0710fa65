import type { Awaitable, Call, CodecKernel, DecodeCall, PushTransform } from '../contracts/index.js';
import { copyOf } from '../bytes/inputs.js';
import { resultBytes } from '../bytes/results.js';
import { CompressionError } from '../errors/index.js';
import type { OutputLimits } from './limits.js';
import type { Direction, RawCodec } from './raw-codec.js';

/** A codec that is fed piece by piece, whatever its kernel offers. Results belong to the caller. */
export interface Session {
  push(data: Uint8Array): Awaitable<readonly Uint8Array[]>;
  finish(): Awaitable<readonly Uint8Array[]>;
  close(): void;
}

/** Input per push: small for decoders, so that a bomb is noticed early; larger for encoders that are away. */
const DECODE_PIECE = 64 * 1024;
const ENCODE_PIECE = { here: 256 * 1024, away: 1024 * 1024 } as const;
/** A codec that only knows whole buffers compresses one member per window. */
const WINDOW = 1024 * 1024;
const MEMBERS_IN_FLIGHT = 4;

/** The best way to feed this codec: its own push form, members, or all at once. */
export function openSession(raw: RawCodec, direction: Direction, call: Call): Session {
  const methods = raw.taken.kernel.methods as CodecKernel<unknown>;
  const { options } = raw.taken;
  if (direction === 'compress') {
    if (methods.compressor !== undefined) {
      return new PushSession(methods.compressor(options, call), ENCODE_PIECE[raw.taken.kernel.placement], undefined);
    }
    if (raw.taken.definition.guarantees.concatenable === true) return new MemberSession(raw, call);
    return new WholeSession(raw, direction, call);
  }
  const decode = call as DecodeCall;
  if (methods.decompressor !== undefined) return new PushSession(methods.decompressor(options, decode), DECODE_PIECE, decode.limits as OutputLimits);
  return new WholeSession(raw, direction, call);
}

/** The kernel's own push form: pieces of bounded size, results copied (they are views until the next call), the limit checked again. */
class PushSession implements Session {
  readonly #transform: PushTransform;
  readonly #piece: number;
  readonly #limits: OutputLimits | undefined;
  #output = 0;

  constructor(transform: PushTransform, piece: number, limits: OutputLimits | undefined) {
    if (typeof transform?.push !== 'function' || typeof transform.finish !== 'function') throw new Error('it opened no push form');
    this.#transform = transform;
    this.#piece = piece;
    this.#limits = limits;
  }

  async push(data: Uint8Array): Promise<readonly Uint8Array[]> {
    const ready: Uint8Array[] = [];
    for (let offset = 0; offset < data.length; offset += this.#piece) {
      const piece = data.subarray(offset, Math.min(offset + this.#piece, data.length));
      this.#keep(ready, await this.#transform.push(piece));
    }
    return ready;
  }

  async finish(): Promise<readonly Uint8Array[]> {
    const ready: Uint8Array[] = [];
    this.#keep(ready, await this.#transform.finish());
    return ready;
  }

  close(): void {
    try {
      this.#transform.dispose?.();
    } catch {
      // The stream has its end or its error; housekeeping must not put another in its place.
    }
  }

  #keep(ready: Uint8Array[], result: Uint8Array): void {
    const bytes = resultBytes(result);
    if (bytes.length === 0) return;
    this.#output += bytes.length;
    if (this.#limits !== undefined && this.#output > this.#limits.maxOutputBytes) throw this.#limits.exceeded();
    ready.push(copyOf(bytes));
  }
}

/** From `concatenable`: one member per window, several under way at once where the kernel leaves the thread, in order. */
class MemberSession implements Session {
  readonly #raw: RawCodec;
  readonly #call: Call;
  readonly #inFlight: Promise<Uint8Array>[] = [];
  #window = new Uint8Array(WINDOW);
  #filled = 0;
  #members = 0;

  constructor(raw: RawCodec, call: Call) {
    this.#raw = raw;
    this.#call = call;
  }

  async push(data: Uint8Array): Promise<readonly Uint8Array[]> {
    const ready: Uint8Array[] = [];
    let offset = 0;
    while (offset < data.length) {
      const count = Math.min(WINDOW - this.#filled, data.length - offset);
      this.#window.set(data.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled === WINDOW) await this.#member(ready);
    }
    return ready;
  }

  async finish(): Promise<readonly Uint8Array[]> {
    const ready: Uint8Array[] = [];
    // Nothing at all is one member of nothing: a stream of compressed data is never empty where the format has a header.
    if (this.#filled > 0 || this.#members === 0) await this.#member(ready);
    while (this.#inFlight.length > 0) ready.push(await (this.#inFlight.shift() as Promise<Uint8Array>));
    return ready;
  }

  close(): void {
    this.#inFlight.length = 0;
  }

  async #member(ready: Uint8Array[]): Promise<void> {
    const away = this.#raw.taken.kernel.placement === 'away';
    const data = this.#window.subarray(0, this.#filled);
    const work = Promise.resolve(this.#raw.whole('compress', data, this.#call));
    // Marked as handled: a failure shows when its turn comes, or the session ends before.
    work.catch(() => {});
    this.#inFlight.push(work);
    this.#members++;
    this.#filled = 0;
    this.#window = new Uint8Array(WINDOW);
    if (this.#inFlight.length >= (away ? MEMBERS_IN_FLIGHT : 1)) ready.push(await (this.#inFlight.shift() as Promise<Uint8Array>));
  }
}

/** A codec that must see everything: what is fed is kept, up to the buffer limit. */
class WholeSession implements Session {
  readonly #raw: RawCodec;
  readonly #direction: Direction;
  readonly #call: Call;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(raw: RawCodec, direction: Direction, call: Call) {
    this.#raw = raw;
    this.#direction = direction;
    this.#call = call;
  }

  push(data: Uint8Array): readonly Uint8Array[] {
    const limit = this.#raw.taken.scope.settings.bufferLimitBytes;
    if (this.#bytes + data.length > limit) throw new CompressionError('buffer_limit_exceeded', { attempted: this.#bytes + data.length, limit });
    // Copied: a source may use its buffer again for the next piece.
    this.#pieces.push(copyOf(data));
    this.#bytes += data.length;
    return [];
  }

  async finish(): Promise<readonly Uint8Array[]> {
    const data = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const piece of this.#pieces) {
      data.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces.length = 0;
    const result = await this.#raw.whole(this.#direction, data, this.#call);
    return result.length === 0 ? [] : [result];
  }

  close(): void {
    this.#pieces.length = 0;
  }
}
