import { type Call, type Handles, HashingError, type HashKernel, type HashState } from '@chunker/core';
import { callSync, loadAddon, type MakeError, openRoom, type Room, type RunOptions } from '@chunker/core/native';
import type { Blake3Options } from './options.js';
import { encodeSettings } from './settings.js';

/** The state as the addon knows it: native/bindings/blake3/src/state.rs. */
interface State {
  update(ticket: number, input: Uint8Array): void;
  updateSync(input: Uint8Array): void;
  digestIntoSync(output: Uint8Array): void;
  copy(): State;
  end(): void;
}

/** The addon: native/bindings/blake3. Outputs have exactly the size of what is written. */
interface Exports {
  hash(ticket: number, input: Uint8Array, settings: Uint8Array): void;
  hashIntoSync(input: Uint8Array, settings: Uint8Array, output: Uint8Array): void;
  hashManyInto(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: Float64Array | undefined, settings: Uint8Array, output: Uint8Array): void;
  hashManyIntoSync(input: Uint8Array, lengths: Uint32Array, offsets: Float64Array | undefined, settings: Uint8Array, output: Uint8Array): void;
  readonly State: { open(settings: Uint8Array): State };
}

/** A core of today hashes 5 to 6 GB/s of larger messages. */
const NANOSECONDS_PER_BYTE = 0.2;

const makeError: MakeError = (code, details, parameters) => new HashingError(code, details, parameters);

/**
 * Digests of the usual size are written here and copied: handing a small new array to native code makes the engine move its bytes off its heap, ten
 * times the cost of hashing a few bytes.
 */
const usual = new Uint8Array(new ArrayBuffer(32));

const digestOf = (length: number, write: (output: Uint8Array) => void): Uint8Array => {
  const digest = length === usual.length ? usual : new Uint8Array(length);
  write(digest);
  return digest === usual ? usual.slice() : digest;
};

const way = ({ signal, inPlace, queue, priority }: Call): RunOptions => ({ signal, inPlace, queue, priority, makeError });

/** The kernel on the addon. Rejects where no addon can be loaded. */
export async function load(): Promise<HashKernel<Blake3Options>> {
  const addon = loadAddon<Exports>({ stem: 'blake3', packageName: '@chunker/hash-blake3', from: import.meta.url });
  const room = openRoom(addon);
  return {
    placement: 'away',
    costPerByte: () => NANOSECONDS_PER_BYTE,
    hash(data, options, call) {
      const settings = encodeSettings(options, call.handles);
      const { signal, inPlace, queue, priority } = call;
      return room.run<Uint8Array>((ticket, input) => addon.hash(ticket, input, settings), { input: data, signal, inPlace, queue, priority, makeError });
    },
    hashSync(data, options, { handles }) {
      const settings = encodeSettings(options, handles);
      return callSync(() => digestOf(options.length, (output) => addon.hashIntoSync(data, settings, output)), makeError);
    },
    hashInto(data, output, options, call) {
      const settings = encodeSettings(options, call.handles);
      const { signal, inPlace, queue, priority } = call;
      const run = { input: data, into: output, signal, inPlace, queue, priority, makeError };
      return room.run<void>((ticket, input) => addon.hash(ticket, input, settings), run);
    },
    hashIntoSync(data, output, options, { handles }) {
      const settings = encodeSettings(options, handles);
      callSync(() => addon.hashIntoSync(data, settings, output), makeError);
    },
    async hashMany(buffer, { lengths, offsets }, output, options, call) {
      const settings = encodeSettings(options, call.handles);
      const run = { ...way(call), input: buffer, into: output };
      await room.run<number>((ticket, input) => addon.hashManyInto(ticket, input, lengths, offsets, settings, output), run);
    },
    hashManySync(buffer, { lengths, offsets }, output, options, { handles }) {
      const settings = encodeSettings(options, handles);
      callSync(() => addon.hashManyIntoSync(buffer, lengths, offsets, settings, output), makeError);
    },
    create: (options, call) => new NativeState(room, open(addon, options, call.handles), options.length, way(call)),
  };
}

const open = (addon: Exports, options: Blake3Options, handles: Handles): State => addon.State.open(encodeSettings(options, handles));

/** Core runs the updates of a state one after the other and asks for nothing else meanwhile. */
class NativeState implements HashState {
  readonly #room: Room;
  readonly #state: State;
  readonly #length: number;
  readonly #way: RunOptions;

  constructor(room: Room, state: State, length: number, way: RunOptions) {
    this.#room = room;
    this.#state = state;
    this.#length = length;
    this.#way = way;
  }

  update(data: Uint8Array): Promise<void> {
    return this.#room.run<void>((ticket, input) => this.#state.update(ticket, input), { ...this.#way, input: data });
  }

  updateSync(data: Uint8Array): void {
    callSync(() => this.#state.updateSync(data), makeError);
  }

  digest(): Uint8Array {
    return this.digestSync();
  }

  digestSync(): Uint8Array {
    return callSync(() => digestOf(this.#length, (output) => this.#state.digestIntoSync(output)), makeError);
  }

  clone(): NativeState {
    return new NativeState(this.#room, this.#state.copy(), this.#length, this.#way);
  }

  dispose(): void {
    this.#state.end();
  }
}
