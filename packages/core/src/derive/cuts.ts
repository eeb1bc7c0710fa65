import type { Call, Cutter, Hints, PushCutter } from '../contracts/index.js';
import { BrokenPromise, disown, resultWords, unexpected } from '../bytes/results.js';
import { nearestHint } from './hints.js';

/** A cutter whose numbers were read once and whose answers are checked. */
export class CheckedCutter {
  readonly minSize: number;
  readonly maxSize: number;
  readonly reach: number;
  readonly targetSize: number;
  readonly cutter: Cutter;

  constructor(cutter: Cutter) {
    disown(cutter);
    if (cutter === null || typeof cutter !== 'object') throw new BrokenPromise('cutter() returned no cutter');
    const { minSize, maxSize, reach, targetSize } = cutter;
    if (!Number.isSafeInteger(minSize) || minSize < 1) throw new BrokenPromise(`its minSize is ${minSize}`);
    if (!Number.isSafeInteger(maxSize) || maxSize < minSize || maxSize > 0xffff_ffff) throw new BrokenPromise(`its maxSize is ${maxSize}`);
    if (reach !== undefined && (!Number.isSafeInteger(reach) || reach < 1)) throw new BrokenPromise(`its reach is ${reach}`);
    if (targetSize !== undefined && !(targetSize >= 1 && targetSize <= maxSize)) throw new BrokenPromise(`its targetSize is ${targetSize}`);
    if (typeof cutter.nextCut !== 'function') throw new BrokenPromise('its cutter has no nextCut()');
    for (const name of ['cutAll', 'cutAllSync', 'open', 'dispose'] as const) {
      if (cutter[name] !== undefined && typeof cutter[name] !== 'function') throw new BrokenPromise(`the ${name} of its cutter is no function`);
    }
    this.cutter = cutter;
    this.minSize = minSize;
    this.maxSize = maxSize;
    // A window that is not the last must hold a whole chunk, whatever the cutter says that it looks at.
    this.reach = Math.max(reach ?? maxSize, maxSize);
    this.targetSize = targetSize ?? Math.floor((minSize + maxSize) / 2);
  }

  /** Length of the chunk at the start of the window. */
  next(window: Uint8Array): number {
    const cut = this.cutter.nextCut(window);
    const most = Math.min(this.maxSize, window.length);
    if (!Number.isInteger(cut) || cut < 1 || cut > most) {
      disown(cut);
      throw new BrokenPromise(`nextCut answered ${String(cut)} where 1 to ${most} were possible`);
    }
    if (cut < this.minSize && cut !== window.length) throw new BrokenPromise(`nextCut answered ${cut}, less than its minSize of ${this.minSize}`);
    return cut;
  }

  /** The chunk at `position`, with hints. The cutter is shown no more than its reach: what lies beyond must not matter. */
  at(data: Uint8Array, position: number, hints: Hints | undefined): number {
    const natural = this.next(data.subarray(position, position + this.reach));
    if (hints === undefined) return natural;
    const most = Math.min(this.maxSize, data.length - position);
    return nearestHint(hints, position, natural, Math.min(this.minSize, most), most);
  }

  /** Chunks of the window that further bytes cannot change, and with `isLast` all; on the calling thread. */
  allSync(window: Uint8Array, isLast: boolean, hints: Hints | undefined): Uint32Array {
    if (hints === undefined && this.cutter.cutAllSync !== undefined) return this.checkedAll(this.cutter.cutAllSync(window, isLast), window, isLast);
    const list = new LengthList();
    let position = 0;
    while (position < window.length && (isLast || window.length - position >= this.reach)) {
      const length = this.at(window, position, hints);
      list.push(length);
      position += length;
    }
    return list.finish();
  }

  /** The kernel's own cutAll, checked; undefined where it has none. */
  async allAway(window: Uint8Array, isLast: boolean, call: Call): Promise<Uint32Array | undefined> {
    if (this.cutter.cutAll === undefined) return undefined;
    return this.checkedAll(await this.cutter.cutAll(window, isLast, call), window, isLast);
  }

  /** The cutter's own state between pieces, checked; undefined where it keeps none. */
  open(): CheckedPush | undefined {
    const push = this.cutter.open?.();
    return push === undefined ? undefined : new CheckedPush(push, this.minSize, this.maxSize);
  }

  checkedAll(answer: unknown, window: Uint8Array, isLast: boolean): Uint32Array {
    const lengths = resultWords(answer);
    const before = Math.max(0, lengths.length - 1);
    const rest = lengths[before] ?? 0;
    const sum = sumWithin(lengths, before, this.minSize, this.maxSize) + rest;
    const isShort = rest < this.minSize && !(isLast && rest > 0 && sum === window.length);
    if (lengths.length > 0 && (isShort || rest > this.maxSize)) throw outside(rest);
    if (sum > window.length || (isLast && sum !== window.length)) throw new BrokenPromise(`cutAll answered chunks of ${sum} bytes for ${window.length}`);
    if (!isLast && window.length - sum >= this.reach) throw new BrokenPromise('cutAll left chunks that were complete');
    return lengths;
  }
}

/** The sum of the first `count` lengths, none of which may be outside of `least` to `most`. Two at a time: each addition waits for the one before it. */
function sumWithin(lengths: Uint32Array, count: number, least: number, most: number): number {
  let [even, odd] = [0, 0];
  for (let index = 0; index < count; index += 2) {
    const length = lengths[index] as number;
    const next = index + 1 < count ? (lengths[index + 1] as number) : 0;
    even += length;
    odd += next;
    if (length < least || length > most) throw outside(length);
    if ((next < least && index + 1 < count) || next > most) throw outside(next);
  }
  return even + odd;
}

const outside = (length: number) => new BrokenPromise(`cutAll answered a chunk of ${length} bytes`);

/** A cutter's own push form whose answers are checked. */
export class CheckedPush {
  readonly #push: PushCutter;
  readonly #minSize: number;
  readonly #maxSize: number;
  /** Bytes that were fed and are in no chunk yet. */
  #open = 0;

  constructor(push: PushCutter, minSize: number, maxSize: number) {
    if (typeof push?.push !== 'function' || typeof push.finish !== 'function') throw unexpected(push, 'a push form');
    this.#push = push;
    this.#minSize = minSize;
    this.#maxSize = maxSize;
  }

  push(bytes: Uint8Array): Uint32Array {
    this.#open += bytes.length;
    return this.#checked(resultWords(this.#push.push(bytes)), false);
  }

  finish(): Uint32Array {
    return this.#checked(resultWords(this.#push.finish()), true);
  }

  dispose(): void {
    this.#push.dispose?.();
  }

  #checked(lengths: Uint32Array, isLast: boolean): Uint32Array {
    lengths.forEach((length, index) => {
      this.#open -= length;
      const short = length < this.#minSize && !(isLast && index === lengths.length - 1);
      if (length === 0 || length > this.#maxSize || short || this.#open < 0) throw new BrokenPromise(`its push form answered a chunk of ${length} bytes`);
    });
    if (isLast && this.#open > 0) throw new BrokenPromise(`its push form left ${this.#open} bytes in no chunk`);
    return lengths;
  }
}

/** Lengths as they come, in a typed array that doubles. */
export class LengthList {
  #words = new Uint32Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(length: number): void {
    if (this.#count === this.#words.length) this.#grow(this.#count + 1);
    this.#words[this.#count++] = length;
  }

  pushAll(lengths: Uint32Array): void {
    if (this.#count + lengths.length > this.#words.length) this.#grow(this.#count + lengths.length);
    this.#words.set(lengths, this.#count);
    this.#count += lengths.length;
  }

  finish(): Uint32Array {
    return this.#words.slice(0, this.#count);
  }

  #grow(least: number): void {
    const words = new Uint32Array(Math.max(least, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
  }
}
