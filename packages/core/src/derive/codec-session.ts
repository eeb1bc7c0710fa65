import type { Awaitable, Call, CodecKernel, DecodeCall, PushTransform } from '../contracts/index.js';
import { copyOf } from '../bytes/inputs.js';
import { resultBytes, unexpected } from '../bytes/results.js';
import { CompressionError } from '../errors/index.js';
import type { Reservation } from '../memory/budget.js';
import type { OutputLimits } from './limits.js';
import type { Direction, RawCodec } from './raw-codec.js';

/** A codec that is fed piece by piece, whatever its kernel offers. */
export interface Session {
  readonly form: PushTransform;
  /** Input is handed over in slices of at most so many bytes. */
  readonly sliceBytes: number;
  /** A piece of output, checked, as memory of the caller's own. */
  keep(piece: Uint8Array): Uint8Array;
}

/** Input per push: small for decoders, so that a bomb is noticed early; larger for encoders that are away. */
const DECODE_SLICE = 64 * 1024;
const ENCODE_SLICE = { here: 256 * 1024, away: 1024 * 1024 } as const;
/** A codec that only knows whole buffers compresses one member per window. */
const WINDOW = 1024 * 1024;
const MEMBERS_IN_FLIGHT = 4;
const NOTHING = new Uint8Array(0);

/** The best way to feed this codec: its own push form, members, or all at once. */
export function openSession(raw: RawCodec, direction: Direction, call: Call, reservation?: Reservation): Session {
  const { kernel, options, definition } = raw.taken;
  const methods = kernel.methods as CodecKernel<unknown>;
  if (direction === 'compress') {
    if (methods.compressor !== undefined) return ownSession(methods.compressor(options, call), ENCODE_SLICE[kernel.placement], undefined);
    return derivedSession(definition.guarantees.concatenable === true ? new MemberForm(raw, call) : new WholeForm(raw, direction, call, reservation));
  }
  const decode = call as DecodeCall;
  if (methods.decompressor === undefined) return derivedSession(new WholeForm(raw, direction, call, reservation));
  return ownSession(methods.decompressor(options, decode), DECODE_SLICE, decode.limits as OutputLimits);
}

/** The kernel's own push form: what it gives is copied (views until the next call), the limit checked again. */
function ownSession(form: PushTransform, sliceBytes: number, limits: OutputLimits | undefined): Session {
  if (typeof form?.push !== 'function' || typeof form.finish !== 'function') throw unexpected(form, 'a push form');
  let output = 0;
  const keep = (piece: Uint8Array): Uint8Array => {
    const bytes = resultBytes(piece);
    output += bytes.length;
    if (limits !== undefined && output > limits.maxOutputBytes) throw limits.exceeded();
    return bytes.length === 0 ? bytes : copyOf(bytes);
  };
  return { form, sliceBytes, keep };
}

/** Core's own forms give whole results, which were checked and are the caller's already. */
function derivedSession(form: PushTransform): Session {
  return { form, sliceBytes: Number.POSITIVE_INFINITY, keep: (piece) => piece };
}

/** From `concatenable`: one member per window, several under way at once where the kernel leaves the thread, in order. */
class MemberForm implements PushTransform {
  readonly #raw: RawCodec;
  readonly #call: Call;
  readonly #inFlight: Promise<Uint8Array>[] = [];
  readonly #most: number;
  #window = new Uint8Array(WINDOW);
  #filled = 0;
  #members = 0;

  constructor(raw: RawCodec, call: Call) {
    this.#raw = raw;
    this.#call = call;
    // One scratch is for one task: members that share it go one after the other.
    this.#most = raw.taken.kernel.placement === 'away' && call.scratch === undefined ? MEMBERS_IN_FLIGHT : 1;
  }

  async *push(data: Uint8Array): AsyncGenerator<Uint8Array> {
    let offset = 0;
    while (offset < data.length) {
      const count = Math.min(WINDOW - this.#filled, data.length - offset);
      this.#window.set(data.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled === WINDOW) yield* this.#member();
    }
  }

  async *finish(): AsyncGenerator<Uint8Array> {
    // Nothing at all is one member of nothing: a stream of compressed data is never empty where the format has a header.
    if (this.#filled > 0 || this.#members === 0) yield* this.#member();
    while (this.#inFlight.length > 0) yield await (this.#inFlight.shift() as Promise<Uint8Array>);
  }

  dispose(): void {
    this.#inFlight.length = 0;
  }

  async *#member(): AsyncGenerator<Uint8Array> {
    const data = this.#window.subarray(0, this.#filled);
    const work = Promise.resolve(this.#raw.whole('compress', data, this.#call));
    // Marked as handled: a failure shows when its turn comes, or the session ends before.
    work.catch(() => {});
    this.#inFlight.push(work);
    this.#members++;
    this.#filled = 0;
    this.#window = new Uint8Array(WINDOW);
    if (this.#inFlight.length >= this.#most) yield await (this.#inFlight.shift() as Promise<Uint8Array>);
  }
}

/** A codec that must see everything: what is fed is kept, up to the buffer limit. */
class WholeForm implements PushTransform {
  readonly #raw: RawCodec;
  readonly #direction: Direction;
  readonly #call: Call;
  readonly #reservation: Reservation | undefined;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(raw: RawCodec, direction: Direction, call: Call, reservation: Reservation | undefined) {
    this.#raw = raw;
    this.#direction = direction;
    this.#call = call;
    this.#reservation = reservation;
  }

  push(data: Uint8Array): Uint8Array {
    const limit = this.#raw.taken.scope.settings.bufferLimitBytes;
    if (this.#bytes + data.length > limit) throw new CompressionError('buffer_limit_exceeded', { attempted: this.#bytes + data.length, limit });
    this.#reservation?.grow(data.length);
    // Copied: a source may use its buffer again for the next piece.
    this.#pieces.push(copyOf(data));
    this.#bytes += data.length;
    return NOTHING;
  }

  finish(): Awaitable<Uint8Array> {
    const data = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const piece of this.#pieces) {
      data.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces.length = 0;
    return this.#raw.whole(this.#direction, data, this.#call);
  }

  dispose(): void {
    this.#pieces.length = 0;
  }
}
