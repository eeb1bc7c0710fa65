import { joinPath } from './names.js';

const HEAD_WORDS = 4;
const DIRECTORY_WORDS = 4;
const ENTRY_WORDS = 8;
const DIRECTORY = { parent: 0, nameOffset: 1, nameLength: 2, flags: 3 } as const;
const ENTRY = { directory: 0, nameOffset: 1, nameLength: 2, flags: 3, place: 4, length: 5 } as const;
const MAKE = 1;
const LINK = 1;
const EXECUTABLE = 2;
const BEGINS = 4;
const ENDS = 8;

/** What is to be made of one file, or of a part of it. */
export interface FileOrder {
  readonly executable: boolean;
  /** The file is made here; else it was by the orders before. */
  readonly begins: boolean;
  /** The file ends here; else the next orders go on with it. */
  readonly ends: boolean;
  /** Where in the window its bytes are. */
  readonly place: number;
  readonly length: number;
}

/** One order, as the kernel in TypeScript reads it. */
export interface EntryOrder extends FileOrder {
  readonly directory: number;
  readonly name: Uint8Array;
  /** Of a symbolic link. */
  readonly target?: Uint8Array;
}

/**
 * What is to be made in one call: directories first, in order, then files and symbolic links. Directory 0 is the root; an entry of it without a name is the root itself, which then is no directory.
 */
export class MakeOrders {
  /** How many directories are named. */
  directories = 0;
  /** How many entries there are. */
  entries = 0;
  #directories = new Uint32Array(16 * DIRECTORY_WORDS);
  #entries = new Uint32Array(256 * ENTRY_WORDS);
  #texts = new Uint8Array(4096);
  #textBytes = 0;

  constructor() {
    this.clear();
  }

  get isEmpty(): boolean {
    return this.entries === 0 && this.directories === 1 && (this.#directories[DIRECTORY.flags] as number) === 0;
  }

  clear(): void {
    this.directories = 1;
    this.entries = 0;
    this.#textBytes = 0;
    this.#directories.fill(0, 0, DIRECTORY_WORDS);
  }

  /** The root is a directory and is made. */
  makeRoot(): void {
    this.#directories[DIRECTORY.flags] = MAKE;
  }

  /** Names a directory, to be made or there already; answers its number. The name is copied. */
  directory(parent: number, name: Uint8Array, isNew: boolean): number {
    const at = this.directories * DIRECTORY_WORDS;
    if (at + DIRECTORY_WORDS > this.#directories.length) this.#directories = grown(this.#directories, new Uint32Array(this.#directories.length * 2));
    this.#directories[at + DIRECTORY.parent] = parent;
    this.#directories[at + DIRECTORY.nameOffset] = this.#put(name);
    this.#directories[at + DIRECTORY.nameLength] = name.length;
    this.#directories[at + DIRECTORY.flags] = isNew ? MAKE : 0;
    return this.directories++;
  }

  /** A file, or a part of one. The name is copied; it counts only where the file begins. */
  file(directory: number, name: Uint8Array, { executable, begins, ends, place, length }: FileOrder): void {
    const flags = (executable ? EXECUTABLE : 0) | (begins ? BEGINS : 0) | (ends ? ENDS : 0);
    this.#push(directory, name, flags, place, length);
  }

  /** A symbolic link. Name and target are copied. */
  link(directory: number, name: Uint8Array, target: Uint8Array): void {
    this.#push(directory, name, LINK, this.#put(target), target.length);
  }

  /** The path of an order from the root, for messages. Orders are numbered as the kernel does: directories, then entries. */
  pathOf(order: number): Uint8Array {
    if (order < this.directories) return this.directoryPath(order);
    const { directory, name } = this.entry(order - this.directories);
    return joinPath(this.directoryPath(directory), name);
  }

  entry(index: number): EntryOrder {
    const at = index * ENTRY_WORDS;
    const words = this.#entries;
    const flags = words[at + ENTRY.flags] as number;
    const [place, length] = [words[at + ENTRY.place] as number, words[at + ENTRY.length] as number];
    const order = {
      directory: words[at] as number,
      name: this.#text(words[at + ENTRY.nameOffset] as number, words[at + ENTRY.nameLength] as number),
      executable: (flags & EXECUTABLE) !== 0,
      begins: (flags & BEGINS) !== 0,
      ends: (flags & ENDS) !== 0,
      place,
      length,
    };
    return (flags & LINK) === 0 ? order : { ...order, target: this.#text(place, length) };
  }

  isNew(directory: number): boolean {
    return this.#directories[directory * DIRECTORY_WORDS + DIRECTORY.flags] === MAKE;
  }

  directoryName(directory: number): Uint8Array {
    const at = directory * DIRECTORY_WORDS;
    return this.#text(this.#directories[at + DIRECTORY.nameOffset] as number, this.#directories[at + DIRECTORY.nameLength] as number);
  }

  /** Numbers of the directories from below the root to this one. */
  chain(directory: number): number[] {
    const chain: number[] = [];
    for (let at = directory; at > 0; at = this.#directories[at * DIRECTORY_WORDS] as number) chain.push(at);
    return chain.reverse();
  }

  directoryPath(directory: number): Uint8Array {
    return this.chain(directory).reduce<Uint8Array>((path, one) => joinPath(path, this.directoryName(one)), new Uint8Array(0));
  }

  /** The form that native/kernels/io/src/unpack/orders.rs reads. */
  encode(): Uint8Array {
    const directoryWords = this.directories * DIRECTORY_WORDS;
    const words = new Uint32Array(HEAD_WORDS + directoryWords + this.entries * ENTRY_WORDS + Math.ceil(this.#textBytes / 4));
    words[0] = this.directories;
    words[1] = this.entries;
    words.set(this.#directories.subarray(0, directoryWords), HEAD_WORDS);
    words.set(this.#entries.subarray(0, this.entries * ENTRY_WORDS), HEAD_WORDS + directoryWords);
    const bytes = new Uint8Array(words.buffer);
    bytes.set(this.#texts.subarray(0, this.#textBytes), (HEAD_WORDS + directoryWords + this.entries * ENTRY_WORDS) * 4);
    return bytes;
  }

  #push(directory: number, name: Uint8Array, flags: number, place: number, length: number): void {
    const at = this.entries * ENTRY_WORDS;
    if (at + ENTRY_WORDS > this.#entries.length) this.#entries = grown(this.#entries, new Uint32Array(this.#entries.length * 2));
    const words = this.#entries;
    words[at] = directory;
    words[at + ENTRY.nameOffset] = this.#put(name);
    words[at + ENTRY.nameLength] = name.length;
    words[at + ENTRY.flags] = flags;
    words[at + ENTRY.place] = place;
    words[at + ENTRY.length] = length;
    this.entries++;
  }

  #put(text: Uint8Array): number {
    const at = this.#textBytes;
    while (at + text.length > this.#texts.length) this.#texts = grown(this.#texts, new Uint8Array(this.#texts.length * 2));
    this.#texts.set(text, at);
    this.#textBytes += text.length;
    return at;
  }

  #text(from: number, length: number): Uint8Array {
    return this.#texts.subarray(from, from + length);
  }
}

function grown<Words extends Uint8Array | Uint32Array>(old: Words, fresh: Words): Words {
  fresh.set(old);
  return fresh;
}
