import { AT, type Listing, nameOf, putWide, RECORD_WORDS, wide } from './records.js';

/** A directory of a tree, named once for all requests below it. */
export interface Directory {
  /** From the root, components joined by `/`; empty for the root. */
  readonly path: Uint8Array;
  /** The root has 0. */
  readonly depth: number;
}

/** Words of a request, and where in it the parts stand. */
export const REQUEST_WORDS = 16;
export const REQUEST = { directory: 0, nameOffset: 1, nameLength: 2, flags: 3, offset: 4, length: 6, place: 7, facts: 8 } as const;
/** A flag: the whole file goes behind what was read before; facts are not compared. */
export const APPEND = 1;

const HEAD_WORDS = 4;

/**
 * Reads to be done in one call. `add` names a range of a listed file and its place in the window: the file must still have the facts it was listed with. `append`
 * names a whole file that goes behind the one before.
 */
export class ReadRequests {
  count = 0;
  readonly directories: Directory[] = [];
  words = new Uint32Array(64 * REQUEST_WORDS);
  names = new Uint8Array(4096);
  #nameBytes = 0;
  #pathBytes = 0;

  /** Bytes that the encoded requests take. */
  get encodedBytes(): number {
    return (HEAD_WORDS + this.directories.length * 2 + this.count * REQUEST_WORDS) * 4 + this.#nameBytes + this.#pathBytes;
  }

  add(directory: Directory, listing: Listing, index: number, offset: number, length: number, place: number): void {
    const at = this.#push(directory, nameOf(listing, index), 0, length);
    putWide(this.words, at + REQUEST.offset, offset);
    this.words[at + REQUEST.place] = place;
    const from = index * RECORD_WORDS;
    for (let i = 0; i < AT.dev - AT.size; i++) this.words[at + REQUEST.facts + i] = listing.records[from + AT.size + i] as number;
  }

  append(directory: Directory, name: Uint8Array, maxBytes: number): void {
    this.#push(directory, name, APPEND, maxBytes);
  }

  clear(): void {
    this.count = 0;
    this.directories.length = 0;
    this.#nameBytes = 0;
    this.#pathBytes = 0;
  }

  name(index: number): Uint8Array {
    const at = index * REQUEST_WORDS;
    const from = this.words[at + REQUEST.nameOffset] as number;
    return this.names.subarray(from, from + (this.words[at + REQUEST.nameLength] as number));
  }

  directory(index: number): Directory {
    return this.directories[this.words[index * REQUEST_WORDS] as number] as Directory;
  }

  offset(index: number): number {
    return wide(this.words, index * REQUEST_WORDS + REQUEST.offset);
  }

  /** Copies what was read, and nothing else, from one window to another of the same size. */
  copyRead(outcomes: Uint32Array, from: Uint8Array, to: Uint8Array): void {
    let end = 0;
    for (let i = 0; i < this.count; i++) {
      const at = i * REQUEST_WORDS;
      const bytes = outcomes[i * 2] as number;
      const append = ((this.words[at + REQUEST.flags] as number) & APPEND) !== 0;
      const place = append ? end : (this.words[at + REQUEST.place] as number);
      if (append) end += bytes;
      to.set(from.subarray(place, place + bytes), place);
    }
  }

  /** The form that native/kernels/io/src/batch.rs reads. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(this.encodedBytes);
    const tableWords = HEAD_WORDS + this.directories.length * 2;
    const words = new Uint32Array(bytes.buffer, 0, tableWords + this.count * REQUEST_WORDS);
    words[0] = this.directories.length;
    words[1] = this.count;
    words.set(this.words.subarray(0, this.count * REQUEST_WORDS), tableWords);
    const texts = bytes.subarray(words.byteLength);
    texts.set(this.names.subarray(0, this.#nameBytes));
    let at = this.#nameBytes;
    for (const [index, { path }] of this.directories.entries()) {
      words[HEAD_WORDS + index * 2] = at;
      words[HEAD_WORDS + index * 2 + 1] = path.length;
      texts.set(path, at);
      at += path.length;
    }
    return bytes;
  }

  #push(directory: Directory, name: Uint8Array, flags: number, length: number): number {
    const at = this.count * REQUEST_WORDS;
    if (at + REQUEST_WORDS > this.words.length) this.words = grown(this.words, new Uint32Array(this.words.length * 2));
    while (this.#nameBytes + name.length > this.names.length) this.names = grown(this.names, new Uint8Array(this.names.length * 2));
    if (this.directories.at(-1) !== directory) {
      this.directories.push(directory);
      this.#pathBytes += directory.path.length;
    }
    const { words } = this;
    words.fill(0, at, at + REQUEST_WORDS);
    words[at] = this.directories.length - 1;
    words[at + REQUEST.nameOffset] = this.#nameBytes;
    words[at + REQUEST.nameLength] = name.length;
    words[at + REQUEST.flags] = flags;
    words[at + REQUEST.length] = length;
    this.names.set(name, this.#nameBytes);
    this.#nameBytes += name.length;
    this.count++;
    return at;
  }
}

function grown<Words extends Uint8Array | Uint32Array>(old: Words, fresh: Words): Words {
  fresh.set(old);
  return fresh;
}
