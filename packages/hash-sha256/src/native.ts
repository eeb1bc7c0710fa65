import { type Call, HashingError, type HashKernel, type HashState } from '@chunker/core';
import { callSync, loadAddon, type MakeError, openRoom, type Room, type RunOptions } from '@chunker/core/native';

/** The state as the addon knows it: native/bindings/sha256/src/state.rs. */
interface State {
  update(ticket: number, input: Uint8Array): void;
  updateSync(input: Uint8Array): void;
  digestIntoSync(output: Uint8Array): void;
  copy(): State;
  end(): void;
}

type Offsets = Float64Array | undefined;

/** The addon: native/bindings/sha256. Outputs have exactly the size of what is written. */
interface Exports {
  hash(ticket: number, input: Uint8Array): void;
  hashIntoSync(input: Uint8Array, output: Uint8Array): void;
  hashManyInto(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: Offsets, output: Uint8Array): void;
  hashManyIntoSync(input: Uint8Array, lengths: Uint32Array, offsets: Offsets, output: Uint8Array): void;
  readonly State: { open(): State };
}

/** With the processor's SHA instructions. */
const NANOSECONDS_PER_BYTE = 0.55;

/**
 * Digests are written here and copied: handing a small new array to native code makes the engine move its bytes off its heap, which costs more than
 * hashing a few bytes.
 */
const written = new Uint8Array(new ArrayBuffer(32));

const makeError: MakeError = (code, details, parameters) => new HashingError(code, details, parameters);

const way = ({ signal, inPlace, queue, priority }: Call): RunOptions => ({ signal, inPlace, queue, priority, makeError });

const digestBy = (write: (output: Uint8Array) => void): Uint8Array => {
  callSync(() => write(written), makeError);
  return written.slice();
};

/** The kernel on the addon. Rejects where no addon can be loaded. */
export async function load(): Promise<HashKernel<object>> {
  const addon = loadAddon<Exports>({ stem: 'sha256', packageName: '@chunker/hash-sha256', from: import.meta.url });
  const room = openRoom(addon);
  return {
    placement: 'away',
    costPerByte: () => NANOSECONDS_PER_BYTE,
    hash: (data, _options, call) => room.run<Uint8Array>((ticket, input) => addon.hash(ticket, input), { ...way(call), input: data }),
    hashSync: (data) => digestBy((output) => addon.hashIntoSync(data, output)),
    async hashInto(data, output, _options, call) {
      await room.run<number>((ticket, input) => addon.hash(ticket, input), { ...way(call), input: data, into: output });
    },
    hashIntoSync: (data, output) => callSync(() => addon.hashIntoSync(data, output), makeError),
    async hashMany(buffer, { lengths, offsets }, output, _options, call) {
      const run = { ...way(call), input: buffer, into: output };
      await room.run<number>((ticket, input) => addon.hashManyInto(ticket, input, lengths, offsets, output), run);
    },
    hashManySync(buffer, { lengths, offsets }, output) {
      callSync(() => addon.hashManyIntoSync(buffer, lengths, offsets, output), makeError);
    },
    create: (_options, call) => state(room, addon.State.open(), way(call)),
  };
}

/** Core runs the updates of a state one after the other and asks for nothing else meanwhile. */
function state(room: Room, native: State, options: RunOptions): HashState {
  const digest = () => digestBy((output) => native.digestIntoSync(output));
  return {
    update: (data) => room.run<void>((ticket, input) => native.update(ticket, input), { ...options, input: data }),
    updateSync: (data) => callSync(() => native.updateSync(data), makeError),
    digest,
    digestSync: digest,
    clone: () => state(room, native.copy(), options),
    dispose: () => native.end(),
  };
}
