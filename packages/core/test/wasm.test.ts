import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blake3 as noble } from '@noble/hashes/blake3.js';
import { describe, expect, it } from 'vitest';
import { configure, defineHash, Registry } from '../src/index.js';
import { WASM_ABI_VERSION, WasmOp, WasmRunner } from '../src/wasm/index.js';

const bytes = (count: number) => new Uint8Array(count).map((_, index) => (index * 31 + (index >> 8)) & 255);

const root = join(import.meta.dirname, '../../..');
const file = join(root, 'packages/hash-blake3/build/blake3.wasm');
const built = existsSync(file);
if (process.env.CI === 'true' && !built) throw new Error(`${file} was not built`);

describe.skipIf(!built)(`a module of the shared interface (${file}, built by tools/wasm.mjs)`, () => {
  const module = built ? new WebAssembly.Module(readFileSync(file)) : (undefined as never);
  const length = Uint8Array.of(32, 0, 0, 0, 0);
  const wasm = defineHash({ name: 'blake3-wasm', digestLength: 32, kernels: { wasm: async () => ({ module, encode: () => length }) } });

  it('hashes here and in workers, one, many and by pieces', async () => {
    const hash = await configure(wasm);
    expect([hash.kernel, hash.capabilities.parallel, hash.capabilities.sync]).toEqual(['wasm', true, true]);
    for (const count of [0, 1, 63, 64, 65, 1023, 1024, 1025, 70_000, 5_000_000]) {
      const data = bytes(count);
      const expected = noble(data);
      expect(Buffer.compare(hash.hashSync(data), expected), `${count} bytes here`).toBe(0);
      expect(Buffer.compare(await hash.hash(data), expected), `${count} bytes away`).toBe(0);
    }
    const items = [bytes(10), bytes(0), bytes(300_000), bytes(1024)];
    const expected = Buffer.concat(items.map((item) => noble(item)));
    expect(Buffer.compare(await hash.hashMany(items), expected)).toBe(0);
    expect(Buffer.compare(hash.hashManySync(items), expected)).toBe(0);
  });

  it.each([
    ['small first', [10, 600_000, 5]],
    ['large first', [600_000, 10, 5_000_000]],
  ])('keeps states where they began, and copies them: %s', async (_name, sizes) => {
    const hash = await configure(wasm);
    const pieces = sizes.map(bytes);
    const hasher = hash.create();
    for (const piece of pieces) await hasher.update(piece);
    const copy = hasher.clone();
    await copy.update(bytes(7));
    expect(Buffer.compare(await hasher.digest(), noble(Buffer.concat(pieces)))).toBe(0);
    expect(Buffer.compare(await copy.digest(), noble(Buffer.concat([...pieces, bytes(7)])))).toBe(0);
    hasher.dispose();
    copy.dispose();
  });

  it('runs many jobs at once and in order of nobody', async () => {
    const registry = Registry.of(wasm);
    const hash = await registry.hash('blake3-wasm');
    const inputs = Array.from({ length: 40 }, (_, index) => bytes(100_000 + index));
    const digests = await Promise.all(inputs.map((input) => hash.hash(input)));
    digests.forEach((digest, index) => {
      expect(Buffer.compare(digest, noble(inputs[index] as Uint8Array))).toBe(0);
    });
    await registry.dispose();
  });

  it('answers errors of the module by their code', async () => {
    const broken = defineHash({ name: 'blake3-broken', digestLength: 32, kernels: { wasm: async () => ({ module, encode: () => Uint8Array.of(1, 2) }) } });
    const hash = await configure(broken);
    expect(() => hash.hashSync(bytes(5))).toThrow(expect.objectContaining({ code: 'invalid_options' }));
    await expect(hash.hash(bytes(300_000))).rejects.toMatchObject({ code: 'invalid_options', name: 'HashingError' });
  });

  it('is refused where it is no module of this kind', async () => {
    const { defineCodec } = await import('../src/index.js');
    const codec = defineCodec({ name: 'blake3-codec', kernels: { wasm: async () => ({ module, encode: () => length }) } });
    await expect(configure(codec)).rejects.toMatchObject({
      code: 'algorithm_unavailable',
      details: { tried: [{ kind: 'wasm', reason: 'its module is no codec' }] },
    });
  });
});

/** A module that answers version 1 and the hash group, and traps on everything else. Hand-assembled. */
const TRAPS = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  // types: (i32)->i32, (i32,i32)->(), (i32 x 7)->i64
  1, 0x16, 3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 7, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7e,
  // functions
  3, 4, 3, 0, 1, 2,
  // memory of one page
  5, 3, 1, 0, 1,
  // exports: memory, alloc, free, call
  7, 0x20, 4, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, 5, 0x61, 0x6c, 0x6c, 0x6f, 0x63, 0, 0, 4, 0x66, 0x72, 0x65, 0x65, 0, 1, 4, 0x63, 0x61, 0x6c, 0x6c, 0,
  2,
  // code: alloc answers 16; free nothing; call: op == 0 ? 0x101 : unreachable
  10, 0x17, 3, 4, 0, 0x41, 16, 0x0b, 2, 0, 0x0b, 0x0d, 0, 0x20, 0, 0x45, 0x04, 0x7e, 0x42, 0x81, 0x02, 0x05, 0x00, 0x0b, 0x0b,
]);

describe('a module that traps', () => {
  it('is a typed error, here and in a worker, and works no harm to the next call', async () => {
    const module = new WebAssembly.Module(TRAPS);
    expect(new WasmRunner(module).run({ op: WasmOp.describe }).value).toBe(0x100 | WASM_ABI_VERSION);
    const trapping = defineHash({ name: 'trapping', digestLength: 4, kernels: { wasm: async () => ({ module, encode: () => new Uint8Array(0) }) } });
    const hash = await configure(trapping);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => hash.hashSync(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'native_panic' }));
      await expect(hash.hash(new Uint8Array(70_000))).rejects.toMatchObject({ code: 'native_panic' });
    }
  });
});

/** The same module, whose `alloc` has nothing to give. */
const FULL = TRAPS.map((byte, i) => (byte === 16 && TRAPS[i - 1] === 0x41 ? 0 : byte));

/** A module's exports over a memory of so many pages at most, every allocation of which grows it: views that were made before are empty then. */
function growing(pages: number) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: pages });
  const live = new Map<number, number>();
  const alloc = (length: number) => {
    const address = memory.buffer.byteLength;
    try {
      memory.grow(Math.ceil(length / 65_536));
    } catch {
      return 0;
    }
    live.set(address, length);
    return address;
  };
  const free = (address: number) => void live.delete(address);
  /** Copies the input to the output, backwards. */
  const call = (_op: number, inputAt: number, inputBytes: number, outputAt: number) => {
    new Uint8Array(memory.buffer, outputAt, inputBytes).set(new Uint8Array(memory.buffer, inputAt, inputBytes).slice().reverse());
    return BigInt(inputBytes);
  };
  return { exports: { memory, alloc, free, call } as unknown as NonNullable<WasmRunner['exports']>, live };
}

describe('memory of a module', () => {
  it('that cannot grow is out_of_memory, here and in a worker', async () => {
    const module = new WebAssembly.Module(FULL);
    const full = defineHash({ name: 'full', digestLength: 4, kernels: { wasm: async () => ({ module, encode: () => new Uint8Array(0) }) } });
    const hash = await configure(full);
    expect(() => hash.hashSync(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'out_of_memory' }));
    await expect(hash.hash(new Uint8Array(70_000))).rejects.toMatchObject({ code: 'out_of_memory' });
  });

  it('at its ceiling refuses what does not fit, gives back what it took, and serves the next', () => {
    const runner = new WasmRunner(new WebAssembly.Module(TRAPS));
    // Room for the input at each number of pages, for the output from some on.
    for (let pages = 1; pages < 12; pages++) {
      const { exports, live } = growing(pages);
      runner.exports = exports;
      const input = bytes(200_000);
      const answer = runner.run({ op: 1, input, outputBytes: 200_000 });
      if (pages < 9) expect(answer).toEqual({ value: 0, error: 9 });
      else expect(Buffer.compare(answer.output as Uint8Array, input.slice().reverse())).toBe(0);
      expect(live.size).toBe(0);
    }
  });

  it('that grows under an operation is seen anew, and let go when it has grown large', () => {
    const { exports } = growing(2000);
    const runner = new WasmRunner(new WebAssembly.Module(TRAPS));
    runner.exports = exports;
    for (let round = 0; round < 5; round++) {
      const input = bytes(1000 + round);
      expect(runner.run({ op: 1, input, options: Uint8Array.of(round), outputBytes: input.length }).output).toEqual(input.slice().reverse());
    }
    expect(runner.exports).toBe(exports);
    runner.run({ op: 1, input: new Uint8Array(64 << 20), outputBytes: 1 << 20 });
    expect(runner.exports).toBeUndefined();
  });
});
